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
#   # Test: runtime-netpoll CLASS#METHOD  a JUnit test of runtime-netpoll
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
    local ended
    timeout --kill-after=10 "$limit" mvn -q -B "${options[@]}" "$@" > "$work/log" 2>&1
    ended=$?
    if [ $ended -ge 124 ]; then
        echo "no answer within $limit s" >> "$work/log"
    fi
    return $ended
}

# Builds and runs one "# Test:" value, or only compiles if it is empty. Sets `outcome` to passes, fails or NO BUILD.
run() {
    local ended
    case $1 in
        "runtime-core "*)
            rm -rf runtime-core/target/surefire-reports
            maven test -pl runtime-core "-Dtest=${1#runtime-core }"
            ended=$?
            ;;
        "runtime-netpoll "*)
            rm -rf runtime-netpoll/target/surefire-reports
            maven test -pl runtime-core,runtime-netpoll -Dsurefire.failIfNoSpecifiedTests=false \
                "-Dtest=${1#runtime-netpoll }"
            ended=$?
            ;;
        "jcstress "*)
            maven process-classes -Pstress-classes -pl runtime-core,runtime-netpoll,stress-tests "-Dstress.tests=${1#jcstress }"
            ended=$?
            ;;
        *)
            maven compile -pl runtime-core,runtime-netpoll
            ended=$?
            ;;
    esac
    if [ $ended -eq 0 ]; then
        outcome=passes
    elif grep -q "COMPILATION ERROR" "$work/log" || ! grep -qE "$test_failed" "$work/log"; then
        outcome="NO BUILD"
    else
        outcome=fails
    fi
}
# How a test says that it failed; anything else that ends a build is no proof. 124 is the script's own time-out.
test_failed='Failures: [1-9]|Errors: [1-9]|Observed forbidden state|TEST FAILURES|The forked VM terminated|no answer within'

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
    mapfile -t tests < <(for name in "${names[@]}"; do field Test "$name"; done | sort -u)
    for test in "${tests[@]}"; do
        SECONDS=0
        run "$test"
        row "(no damage)" "$outcome" ${SECONDS}s "$test"
        if [ "$outcome" != passes ]; then
            failed 60
        fi
    done
    test="jcstress MustFailStress"
    SECONDS=0
    run "$test"
    row "(must fail)" "$outcome" ${SECONDS}s "$test"
    if [ "$outcome" != fails ]; then
        failed
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
    result=caught
    for ((i = 0; i < count; i++)); do
        run "$test"
        case $outcome in
            passes) result=SURVIVES ;;
            "NO BUILD") result=$outcome ;;
        esac
        if [ "$result" != caught ]; then
            break
        fi
    done
    if [ -n "$reason" ] && [ "$result" = SURVIVES ]; then
        row "$name" "not caught" - "$reason"
    else
        row "$name" "$result" ${SECONDS}s "$test"
        if [ "$result" != caught ]; then
            failed 40
        fi
    fi
    patch -p1 -s -f -R --no-backup-if-mismatch < "$here/$name.patch" > /dev/null
done
exit $bad
