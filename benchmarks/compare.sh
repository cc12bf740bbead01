#!/bin/sh
# Builds what is missing, measures groups of scenarios in all implementations, and prints tables.
# benchmarks/compare.sh --help says how.
set -eu
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
target=$here/target

if ! log=$(mvn -q -B -f "$root/pom.xml" -Plaunch -pl benchmarks -am package -DskipTests </dev/null 2>&1); then
    printf '%s\n' "$log" >&2
    exit 1
fi
java=$(sed -n 's/^ *java\.home = //p' "$target/launch-java.txt")/bin/java

go_binary=
go_version=
if command -v go >/dev/null; then
    command -v gcc >/dev/null || export CGO_ENABLED=0
    go_version=$(GOTOOLCHAIN=local go version)
    go_binary=$target/go/benchmarks.test
    mkdir -p "$target/go"
    (cd "$here/go" && GOTOOLCHAIN=local GOFLAGS=-mod=mod go test -c -o "$go_binary" .)
else
    echo 'go is not on the path: its column is skipped' >&2
fi

commit=unknown
if command -v git >/dev/null && commit=$(git -C "$root" rev-parse --short=12 HEAD 2>/dev/null); then
    if [ -n "$(git -C "$root" status --porcelain)" ]; then
        commit="$commit with changes"
    fi
fi

# The jars, as users have them. This JVM only starts others and must not be in their way.
exec "$java" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m --sun-misc-unsafe-memory-access=allow \
    "-Dcompare.out=$target/compare" "-Dcompare.go=$go_binary" "-Dcompare.go.version=$go_version" \
    "-Dcompare.commit=$commit" \
    -classpath "$target/benchmarks.jar:$target/lib/*" io.goruntime.benchmarks.compare.Compare "$@"
