// For tests: grammars of the kinds that are hard to follow.
#pragma once

#include <utility>

namespace hob::grammar::testing {

struct NamedGrammar {
  const char* name;
  const char* text;
};

inline constexpr NamedGrammar kGrammars[] = {
    {"JSON", R"GBNF(
# As it is usually written
root   ::= object
value  ::= object | array | string | number | ("true" | "false" | "null") ws
object ::=
  "{" ws (
            string ":" ws value
    ("," ws string ":" ws value)*
  )? "}" ws
array  ::= "[" ws ( value ("," ws value)* )? "]" ws
string ::=
  "\"" (
    [^"\\\x7F\x00-\x1F] |
    "\\" (["\\bfnrt] | "u" [0-9a-fA-F]{4}) # escapes
  )* "\"" ws
number ::= ("-"? ([0-9] | [1-9] [0-9]{0,15})) ("." [0-9]+)? ([eE] [-+]? [0-9] [1-9]{0,15})? ws
ws ::= | " " | "\n" [ \t]{0,20}
)GBNF"},
    {"arithmetic", R"GBNF(
root ::= (expr "=" ws term "\n")+
expr ::= term ([-+*/] term)*
term ::= ident | num | "(" ws expr ")" ws
ident ::= [a-z] [a-z0-9_]* ws
num ::= [0-9]+ ws
ws ::= [ \t\n]*
)GBNF"},
    {"nested lists", "root ::= list\nlist ::= \"[\" ( | item (\",\" item)* ) \"]\"\nitem ::= list | [0-9]{1,3}"},
    {"a small language", R"GBNF(
root ::= (declaration)*
declaration ::= dataType identifier "(" parameter? ")" "{" statement* "}"
dataType ::= "int" ws | "float" ws | "char" ws
identifier ::= [a-zA-Z_] [a-zA-Z_0-9]*
parameter ::= dataType identifier
statement ::=
  ( dataType identifier ws "=" ws expression ";" ) |
  ( identifier ws "=" ws expression ";" ) |
  ( identifier ws "(" argList? ")" ";" ) |
  ( "return" ws expression ";" ) |
  ( "while" "(" condition ")" "{" statement* "}" ) |
  ( "if" "(" condition ")" "{" statement* "}" ("else" "{" statement* "}")? )
condition ::= expression relationOperator expression
relationOperator ::= ("<=" | "<" | "==" | "!=" | ">=" | ">")
expression ::= term (("+" | "-") term)*
term ::= factor (("*" | "/") factor)*
factor ::= identifier | number | unaryTerm | funcCall | "(" ws expression ws ")"
unaryTerm ::= "-" factor
funcCall ::= identifier "(" argList? ")"
argList ::= expression ("," ws expression)*
number ::= [0-9]+
ws ::= ([ \t\n]+)
)GBNF"},
    {"chess", R"GBNF(
root ::= "1. " move " " move "\n" ([1-9] [0-9]? ". " move " " move "\n")+
move ::= (pawn | nonpawn | castle) [+#]?
nonpawn ::= [NBKQR] [a-h]? [1-8]? "x"? [a-h] [1-8]
pawn ::= ([a-h] "x")? [a-h] [1-8] ("=" [NBKQR])?
castle ::= "O-O" "-O"?
)GBNF"},
    {"characters of many bytes", "root ::= (word [ \\u3000] )+ | \"\\U0001F60A\" root?\nword ::= [ぁ-んァ-ヶ一-龠é\\u00ea]{1,4} | [^\\x00-\\x7f]"},
    {"a counted repetition", "root ::= [a-z]{50,2000}"},
    {"a counted repetition of what nests", "root ::= pair{3,40} \".\"\npair ::= \"(\" (pair | [a-z] ) \")\" \" \"?"},
    {"empty ways", "root ::= a b c \";\"\na ::= | \"x\" a\nb ::= (\"y\" | ) b2?\nb2 ::= \"\" | \"(\" a \")\"\nc ::= (\"z\"?)* (a){0,3}"},
    {"more states than an automaton has", "root ::= ([ab]* \"a\" [ab]{40} \";\")+ | [ab]{0,30000} \"!\""},
    {"ambiguous", "root ::= s\ns ::= \"a\" s \"x\" | \"a\" s \"y\"? | \"a\"* \"b\""},
    {"ambiguous words", "root ::= item+\nitem ::= word | \"(\" root \")\" | item2\nitem2 ::= word word?\nword ::= [a-z ]+ \".\"?"},
    {"recursion at the end", "root ::= [0-9] root | \"!\""},
    {"recursion in the middle", "root ::= \"a\" root \"b\" | \"ab\""},
    {"palindromes", "root ::= \"a\" root \"a\" | \"b\" root \"b\" | [ab]?"},
    {"empty or a line", "root ::= [^\\n]*"},
    {"tokens that straddle", "root ::= \"{\\\"\" name \"\\\": [\" name (\", \" name)* \"]}\"\nname ::= \"na\" (\"me\" | \"th\" name)? | \"pa\" [t-z] [^\\]:]?"},
};

/// Of the whole answer.
inline constexpr const char* kRegexes[] = {
    "[A-Z]{2}-\\d{4}", "yes|no|maybe( not)?", "^\\d+$", "(\\+\\d{1,3} )?\\(?\\d{3}\\)?[ -]\\d{3}-\\d{4}", "[^\\n]{1,80}",
    "(?:[a-z]+,)*[a-z]+", "\\p{Lu}\\p{L}*( \\p{Lu}\\p{L}*){0,3}", "a{0,3}b{2,}|a*c", ".*", "", "\\bab\\b", "(a|ab)(c|bcd)(d*)",
    "\xc3\xa9+|\xf0\x9f\x98\x8a{2}|[\xe6\x97\xa5\xe6\x9c\xac]{1,3}", "(0|[1-9]\\d{0,4})(\\.\\d{1,2})?", "(name|path)(: (name|path)){2}",
};

}  // namespace hob::grammar::testing
