#!/usr/bin/env bash
#
# Proves that the tests can fail. Each NAME.patch here damages one fence, recheck or step of a lock-free protocol; this
# script applies it to a copy of the repository, builds, runs the one test that the patch names, and demands that the
# test fails.
#
#   run-mutants.sh [-n COUNT] [-k] [NAME...]
#
#   NAME      only these mutants, instead of all
#   -n COUNT  demands that each is caught so many times in a row (racy ones: 3)
#   -k        skips the check that the tests pass without damage
#
# MAVEN_OPTIONS are passed to mvn, for instance MAVEN_OPTIONS=-o.
#
# The head of a patch says, one line each:
#
#   # Test: runtime-core CLASS#METHOD     a JUnit test of runtime-core
#   # Test: jcstress REGEX                jcstress tests
#   # Not caught: REASON                  instead of a test: the damage cannot be observed on the machines we have. Such a
#                                         patch must still apply and compile, and is not counted as caught.
#
# The exit code is 0 if every mutant was caught. It is 1 if one survives, no longer applies or does not compile, or if a
# test that must fail without any damage (MustFailStress) passes.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
limit=300
count=1
check=yes
while getopts "n:k" option; do
    case $option in
        n) count=$OPTARG ;;
        k) check=no ;;
        *) exit 2 ;;
    esac
done
shift $((OPTIND - 1))

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for patch in "$here"/*.patch; do
        names+=("$(basename "$patch" .patch)")
    done
fi
for name in "${names[@]}"; do
    if [ ! -f "$here/$name.patch" ]; then
        echo "no such mutant: $name" >&2
        exit 2
    fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy=$work/copy
mkdir "$copy"
(cd "$root" && git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do
        if [ -f "$file" ]; then
            printf '%s\0' "$file"
        fi
    done | xargs -0 cp --parents -t "$copy")
cd "$copy"

read -r -a options <<< "${MAVEN_OPTIONS:-}"
maven() {
    timeout --kill-after=10 "$limit" mvn -q -B "${options[@]}" "$@" > "$work/log" 2>&1
}

# Both modules of tests, without running any.
build() {
    maven test-compile -pl runtime-core,stress-tests
}

# Runs one "# Test:" value; succeeds if the test passes.
run() {
    case $1 in
        "runtime-core "*)
            maven test -pl runtime-core "-Dtest=${1#runtime-core }"
            ;;
        "jcstress "*)
            maven process-classes -Pstress-classes -pl runtime-core,stress-tests "-Dstress.tests=${1#jcstress }"
            ;;
        *)
            echo "no such kind of test: $1" > "$work/log"
            return 0
            ;;
    esac
}

field() {
    sed -n "s/^# $1: //p" "$here/$2.patch" | head -n 1
}

bad=0
row() {
    printf '%-32s %-12s %6s  %s\n' "$1" "$2" "$3" "$4"
}
failed() {
    bad=1
    sed 's/^/    | /' "$work/log" | tail -n "${1:-15}"
}

if [ $check = yes ]; then
    if ! build; then
        row "(no damage)" "NO BUILD" - -
        failed 40
        exit 1
    fi
    mapfile -t tests < <(for name in "${names[@]}"; do field Test "$name"; done | sort -u)
    for test in "${tests[@]}"; do
        SECONDS=0
        if run "$test"; then
            row "(no damage)" passes ${SECONDS}s "$test"
        else
            row "(no damage)" "FAILS" ${SECONDS}s "$test"
            failed 60
        fi
    done
    test="jcstress MustFailStress"
    SECONDS=0
    if run "$test" || ! grep -q "Observed forbidden state" "$work/log"; then
        row "(must fail)" "PASSES" ${SECONDS}s "$test"
        failed
    else
        row "(must fail)" fails ${SECONDS}s "$test"
    fi
fi

for name in "${names[@]}"; do
    test=$(field Test "$name")
    reason=$(field "Not caught" "$name")
    SECONDS=0
    if ! patch -p1 -s -f --no-backup-if-mismatch -r - < "$here/$name.patch" > "$work/log" 2>&1; then
        row "$name" "NO LONGER" - "the patch does not apply"
        failed
        # What was applied of it must not spoil the next.
        (cd "$root" && sed -n 's|^+++ b/||p' "$here/$name.patch" | xargs -r cp --parents -t "$copy")
        continue
    fi
    if ! build; then
        row "$name" "NO BUILD" ${SECONDS}s "$test"
        failed 40
    elif [ -n "$reason" ]; then
        row "$name" "not caught" ${SECONDS}s "$reason"
    else
        result=caught
        for ((i = 0; i < count; i++)); do
            if run "$test"; then
                result=SURVIVES
                break
            fi
        done
        row "$name" $result ${SECONDS}s "$test"
        if [ $result != caught ]; then
            failed
        fi
    fi
    patch -p1 -s -f -R --no-backup-if-mismatch < "$here/$name.patch" > /dev/null
done
exit $bad
