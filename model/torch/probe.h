// Probes: what this machine gives right now, so that a speed can be told as a share of it.
//
//   const double roof = read_bandwidth(2, 256 << 20);      // GB/s of reading memory, two threads
//   const double peak = peak_gflops(2, false);             // of f32 products in registers
//
// Each takes some tenths of a second and is best run right before what it is compared with: other work on the machine
// moves both. Threads are the workers that products run on. [model] thread.
#pragma once

#include <cstddef>

namespace hob::torch_engine {

/// Median of a few readings of `bytes`, each in long runs; GB/s. Must be more than the caches hold to mean memory. Neighbours
/// on the machine move it by half within seconds, so read it before and after what it is compared with.
double read_bandwidth(int threads, size_t bytes);

/// Best of a few rounds; billions of additions and multiplications a second: of pairs of bf16 where that is asked for and the
/// CPU has it, else of f32, by AVX2 where the CPU has that.
double peak_gflops(int threads, bool bf16);

/// "AMD EPYC, AVX2": the CPU's name and the widest of the instructions that the kernels use.
const char* cpu_text();

}  // namespace hob::torch_engine
