//! Benchmarks of hebb's kernels: see `throughput/`. The package has no code of its own.
