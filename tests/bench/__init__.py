"""The benchmarks: every figure beside its naive peer and its ceiling, in the same run (`make bench`)."""
