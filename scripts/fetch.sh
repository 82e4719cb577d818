# Sourced by the scripts that fetch: what comes from elsewhere is named, versioned and checked by its hash.

check() { # FILE SHA256
  printf '%s  %s\n' "$2" "$1" | sha256sum -c --status 2>/dev/null
}

# fetch_wheel NAME VERSION SHA256 FOLDER [more options of pip]: goes on where it was interrupted, where pip can; shows a bar
# where standard output is a terminal. False when it cannot be had with this hash.
fetch_wheel() {
  local name="$1" version="$2" sum="$3" folder="$4" bar=off resume=()
  shift 4
  [ -t 1 ] && bar=on
  python3 -m pip download --help | grep -q -- --resume-retries && resume=(--resume-retries 5)
  printf '%s==%s --hash=sha256:%s\n' "$name" "$version" "$sum" >"$folder/$name.txt"
  python3 -m pip download --disable-pip-version-check -q --progress-bar "$bar" "${resume[@]+"${resume[@]}"}" --no-deps \
    --only-binary=:all: --require-hashes -d "$folder" -r "$folder/$name.txt" "$@"
}
