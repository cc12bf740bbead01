module goruntime/benchmarks

go 1.19
