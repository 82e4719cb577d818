"""The words that values are made of. Nothing is held out here: fresh words come from `values.Values.rare`."""

NOUNS = """note memo alarm timer message email document song playlist meeting event contact invoice payment order ticket issue task
reminder photo video recipe restaurant flight hotel train car route forecast lamp door window camera thermostat lock sensor device
printer network server database table record report chart user account password session project branch commit release package container
cluster job backup log metric stock price product cart customer supplier warehouse shipment refund coupon review comment article page
blog newsletter survey form lesson course student teacher exam grade book library movie match team player doctor patient prescription
workout meal budget loan currency tax contract license bug feature room bill text folder light music calendar board card list group
channel member role token key plan goal habit step trip seat bus taxi bike parcel letter label badge asset vendor lead deal quote offer
claim garden boat ladder pillow planet engine ribbon tunnel lantern statue basket curtain bridge pencil tractor violin anchor helmet
kettle mirror heater fan sprinkler fence gate shelf drawer ferry cabin tent map permit visa parking pool gym trainer shift employee
department salary expense receipt voucher gift wishlist discount poll vote petition donation volunteer campaign advert banner logo font
template slide deck whiteboard sticker badge voicemail call contactless robot drone vacuum mower oven fridge freezer washer dryer alarm
queue topic stream bucket volume snapshot instance cron webhook certificate domain firewall proxy tunnel secret variable pipeline
experiment dataset model sample batch reactor valve pump tank turbine crane truck van scooter locker cabinet passport thesis essay quiz
homework podcast episode chapter poem lyric concert gallery painting sculpture museum exhibit tour guide farm field crop harvest cow
sheep hive tree seed flower plant forest river lake beach island mountain trail camp fire storm quake star comet rocket satellite""".split()

FIRST_NAMES = """Anna Ben Carla David Emma Felix Grace Hugo Ines Jack Karin Leo Maria Nils Olga Paul Rosa Sam Tina Viktor Alice Bob Clara
Daniel Eva Frank Georg Hannah Ivan Julia Lena Mark Nora Oscar Peter Ruth Simon Thomas Ursula Walter Yusuf Zoe Amir Chen Tom Nina Max Lisa
Karl Mona Jonas Sara Omar Priya Ida Ada Ravi Kenji Mei Fatima Ali Aisha Kofi Zara Lars Freya Sven Astrid Pedro Lucia Marco Giulia Pierre
Chloe Hans Greta Igor Katya Tomas Petra Andrei Elena Nikos Sofia Deniz Leyla Hassan Noor Arjun Diya Hiro Yuki Wei Lin Minh Lan Diego
Camila Mateo Valeria Liam Olivia Noah Ella Ethan Amelia Lucas Mila Henry Ivy Theo Alma Oskar Vera Emil Agnes Kim Robin Alex Charlie Jamie
Taylor Morgan Casey Steve Linda Robert Susan James Mary John Kate Luke Amy Adam Jane Eric Laura Philip Helen George Rachel Martin Julie
Kevin Nancy Brian Betty Roger Diana Edith Colin Wendy Stella Bruno Celine Rico Tara Milo Lilly Jasper Hazel Finn Maya Otto Selma""".split()

LAST_NAMES = """Smith Brown Meyer Lopez Rossi Novak Silva Jones Weber Costa Miller Fischer Martin Lee Khan Berg Klein Moore Young King
Stone Baker Carter Davis Evans Foster Green Harris Irwin Jackson Kelly Lewis Morris Nelson Owens Parker Quinn Reed Scott Turner Wagner
Walker Wood Becker Schulz Hoffmann Richter Wolf Lange Garcia Torres Ramos Santos Pereira Bianchi Ricci Moretti Dubois Laurent Moreau
Petit Jansen Bakker Visser Hansen Larsen Nilsen Lindberg Kowalski Horvat Popov Ivanov Petrov Yilmaz Kaya Demir Patel Singh Sharma Gupta
Tanaka Sato Suzuki Wong Chan Nguyen Tran Okafor Mensah Diallo Haddad Cohen Levi Murphy Walsh Burke Grant Hill Hunt Lane Marsh Nash Page
Price Rose Shaw Stark Vance West White Wright Adler Bauer Braun""".split()

CITIES = """Paris London Berlin Tokyo Madrid Rome Oslo Vienna Boston Chicago Lima Cairo Delhi Seoul Dublin Prague Lisbon Zurich Toronto
Sydney Hamburg Munich Milan Athens Warsaw Helsinki Denver Austin Bergen Geneva Turin Porto Seville Valencia Lyon Nice Bordeaux Brussels
Antwerp Ghent Rotterdam Utrecht Cologne Leipzig Dresden Bonn Basel Bern Graz Linz Salzburg Venice Florence Naples Bologna Palermo Krakow
Gdansk Budapest Bucharest Sofia Belgrade Zagreb Split Riga Vilnius Tallinn Stockholm Malmo Uppsala Aarhus Odense Reykjavik Glasgow
Edinburgh Leeds Bristol Oxford Cambridge York Bath Cardiff Belfast Cork Galway Seattle Portland Dallas Houston Miami Atlanta Detroit
Phoenix Montreal Quebec Ottawa Calgary Havana Bogota Quito Santiago Recife Salvador Nairobi Lagos Accra Dakar Tunis Rabat Istanbul Ankara
Izmir Tehran Dubai Doha Muscat Mumbai Pune Chennai Kolkata Dhaka Colombo Bangkok Hanoi Manila Jakarta Osaka Kyoto Nagoya Busan Beijing
Shanghai Taipei Perth Brisbane Auckland Wellington""".split()

COUNTRIES = """France Germany Italy Spain Portugal Norway Sweden Finland Denmark Poland Austria Greece Turkey Ireland Scotland England
Iceland Hungary Romania Croatia Canada Mexico Brazil Peru Chile Argentina Colombia Egypt Morocco Kenya Ghana Nigeria India Japan China
Korea Vietnam Thailand Indonesia Australia""".split()

WORDS = """red blue green old new big small quick quiet bright dark early late north south morning evening summer winter spring autumn
milk bread apple coffee tea butter cheese rice sugar salt table chair river stone paper glass silver gold music plan draft budget team
review weekly monthly final project client launch garden house kitchen office market street bridge cloud storm rain tiger eagle falcon
orange lemon dog cat bird fish horse mouse car bus train road city town village school book page letter word line story song picture
number name day week month year hour minute night water fire wood iron light sound voice hand head eye door window wall floor roof box
bag cup plate bottle key lock shoe coat hat shirt open close start stop read write send call meet buy sell pay build clean fix check test
move keep find lose win play work rest sleep walk run drive error warning info debug value result input output server client user file
folder path list item total count size speed rate price cost sum first second third last next best long short high low hot cold warm hard
soft easy simple ready done free full empty safe strong people friend family mother father sister brother child doctor teacher driver
pilot artist writer meeting lunch dinner party holiday trip ticket hotel and or but with from into over under about after before between
without because while when where who how why this that these those have has had was were will would can could should must may go goes
went come comes came take took make made give gave see saw know think say said the a of to in is for on it at by not we they you he she
our their your my all some any many more most every each other same very just only also please remember today tomorrow yesterday always
never often again soon now here there bring need want like love help ask answer tell show log include hostname default return import
export class function module package method string array object index loop thread socket packet buffer cache memory disk kernel process
signal timeout retry failed success denied allowed missing found unknown invalid version update upgrade install remove delete create
insert select where table column row key value true false null none enabled disabled host port address domain proxy token secret password
login logout session cookie request response header body status code message level trace fatal critical notice alert pending running
stopped paused queued done closed opened merged branch commit merge rebase push pull fetch clone tag release draft roses hedge trees
tent maps swim monday tuesday wednesday thursday friday saturday sunday january february march april june july august september october
november december carrot potato tomato onion garlic pepper pasta pizza soup salad beans flour eggs honey jam oil vinegar cake cookie
chocolate vanilla cream yogurt juice wine beer chicken beef pork salmon tuna shrimp banana pear peach plum grape cherry melon mango berry
nut seed leaf root branch flower rose tulip lily daisy oak pine maple birch grass moss sand clay mud dust smoke flame spark ash snow ice
frost wind breeze thunder lightning rainbow sunrise sunset moon star planet comet galaxy ocean sea lake pond island beach coast cliff hill
valley mountain forest jungle desert field meadow farm barn fence gate path trail tunnel tower castle palace temple church museum theatre
library station airport harbour factory hospital prison court bank shop store bakery cafe bar restaurant hotel hostel camp park zoo pool
gym stadium track boat ship ferry canoe raft sail anchor deck cabin engine wheel brake tire fuel oil gear chain belt bolt nut screw nail
hammer saw drill wrench pliers ladder rope tape glue paint brush bucket broom mop sponge soap towel blanket pillow sheet mattress sofa
lamp candle clock mirror carpet curtain shelf drawer closet basket barrel crate jar can tin tube pipe hose valve pump tank boiler heater
cooler fan filter sensor motor battery charger cable plug switch button screen keyboard printer scanner camera lens tripod phone tablet
laptop desktop monitor speaker headphone microphone radio television remote antenna satellite rocket drone robot arm leg foot knee elbow
shoulder neck back chest heart lung brain blood bone skin hair nose ear mouth tooth tongue lip chin cheek finger thumb nail dream idea
thought reason cause effect problem question solution method theory fact proof rule law right duty task goal step phase stage chapter
section part piece bit half quarter double triple single pair group set bunch pile stack row column circle square triangle cube sphere
angle edge corner center middle top bottom left side front inside outside upper lower inner outer near far deep shallow wide narrow thick
thin heavy loud silent sharp blunt smooth rough wet dry clean dirty fresh stale sweet sour bitter salty spicy rich poor cheap expensive
young ancient modern famous secret public private common rare strange normal special general exact vague certain possible likely sure""".split()

PREFIXES = "un re over under out pre mis sub super inter anti non semi micro mega mono bi tri auto tele hydro geo bio photo thermo electro".split()
SUFFIXES = """ing ed er est ly ness ment tion able less ful ish ism ist ity ous ive al ary ory ship hood ward wise y s es age ance ence
ture dom ette oid gram graph scope meter phone logy nomy""".split()
ONSETS = """b c d f g h j k l m n p qu r s t v w x y z bl br ch cl cr dr dw fl fr gl gn gr kl kn kr ph pl pr rh sc sch sh shr sk sl sm sn sp
spl spr st str sw th thr tr ts tw wh wr zh""".split()
NUCLEI = "a e i o u a e i o u ai au ea ee ei eu ia ie io oa oi oo ou ue ui y ae".split()
CODAS = """n r s t l m d k p b g x z ck ct ft ld lf lk lm ln lp ls lt mp nd ng nk ns nt ph pt rb rd rf rg rk rl rm rn rp rs rt sh sk sm sp ss
st th tch ff ll rst""".split()

EXTENSIONS = """txt md py json csv log cpp yaml html toml h js conf xml sh css ts rs go java c hpp yml ini tex rst sql rb php tsv jsx tsx env
cfg bat svg pdf lock patch diff vue kt swift lua pl r m scss""".split()
LANGUAGES = {"py": "python", "md": "markdown", "txt": "text", "js": "javascript", "sh": "shell", "h": "header", "ts": "typescript",
             "rs": "rust", "rb": "ruby", "tex": "latex", "cpp": "C++", "yml": "YAML", "yaml": "YAML", "json": "JSON", "csv": "CSV",
             "html": "HTML", "css": "CSS", "xml": "XML", "sql": "SQL", "go": "Go", "java": "Java", "toml": "TOML", "log": "log"}
KNOWN_FILES = """README.md Makefile LICENSE README CMakeLists.txt package.json Dockerfile CHANGELOG.md .gitignore AGENTS.md requirements.txt
setup.py index.html main.cpp style.css app.ts Cargo.toml go.mod .env tsconfig.json main.rs main.go index.js config.yaml settings.toml
notes.txt todo.txt todo.md server.log error.log data.csv hosts .bashrc pyproject.toml docker-compose.yml main.py app.js""".split()
DIRECTORIES = """src docs tests data lib notes config build scripts tools logs work home images assets include reports projects archive
examples plans bin etc var public private static media music photos videos downloads uploads drafts letters invoices recipes backups cache
vendor third_party packages modules plugins themes templates views models controllers services utils support common core shared client
server frontend backend web api app test spec fixtures samples demo old new temp tmp inbox outbox desktop documents school office travel
finance health garden family team clients contracts""".split()
STEMS = """notes todo readme main report config data list plan draft shopping budget index test app utils log letter recipes contacts ideas
journal numbers summary settings changes names prices info story server client garden team trip week status diary agenda minutes schedule
calendar inventory stock orders sales costs expenses income taxes invoice receipt wishes gifts guests menu groceries packing travel route
hotels flights tickets books movies songs lyrics poem essay thesis chapter outline abstract review feedback survey results scores grades
exam homework lesson course project roadmap backlog tasks bugs issues features release version license credits authors users accounts
passwords hosts servers network routes rules policy model train eval metrics output input sample example demo script setup install build
deploy backup style theme layout header footer page home about login signup profile admin dashboard error access debug system kernel boot
events history archive old new temp copy final first second workout meals weather birthdays addresses phones""".split()
COLORS = "red green blue white black yellow orange purple pink grey brown silver gold turquoise violet beige crimson navy teal olive".split()
JOBS = """doctor teacher driver pilot artist writer cook nurse baker farmer lawyer dentist engineer plumber carpenter electrician painter
singer actor dancer waiter manager designer programmer chemist physicist biologist librarian journalist photographer mechanic tailor
florist gardener fisherman sailor soldier judge architect accountant translator editor director coach butcher barber""".split()
LANGUAGE_NAMES = """French German Spanish Italian English Portuguese Dutch Swedish Norwegian Danish Finnish Polish Czech Greek Turkish
Arabic Hebrew Hindi Japanese Chinese Korean Russian Latin""".split()
WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
ENUMS = [["low", "medium", "high"], ["small", "large", "huge"], ["red", "green", "blue", "white"], ["celsius", "fahrenheit"],
         ["json", "csv", "xml"], ["daily", "weekly", "monthly"], ["north", "south", "east", "west"], ["draft", "final"],
         ["public", "private"], ["slow", "normal", "fast"], ["left", "right"], ["asc", "desc"], ["cash", "card"], ["cold", "warm", "hot"],
         ["open", "closed"], ["bug", "feature", "question"], ["admin", "editor", "viewer"], ["pdf", "html", "txt"], ["am", "pm"],
         ["metric", "imperial"], ["single", "double", "suite"], ["economy", "business"], ["on", "off", "auto"], ["short", "long"]]
ZONES = dict(pair.split("=") for pair in """Paris=Europe/Paris London=Europe/London Berlin=Europe/Berlin Tokyo=Asia/Tokyo Madrid=Europe/Madrid
Rome=Europe/Rome Oslo=Europe/Oslo Vienna=Europe/Vienna Chicago=America/Chicago Lima=America/Lima Cairo=Africa/Cairo Seoul=Asia/Seoul
Dublin=Europe/Dublin Sydney=Australia/Sydney Lisbon=Europe/Lisbon Athens=Europe/Athens Helsinki=Europe/Helsinki Warsaw=Europe/Warsaw
Toronto=America/Toronto Denver=America/Denver Dubai=Asia/Dubai Shanghai=Asia/Shanghai Bangkok=Asia/Bangkok""".split())
