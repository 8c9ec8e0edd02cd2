// The program that `scripts/bench` times: our side of every benchmark, made of what `import Lockstep` gives any user.
// It works when told so on standard input (Orders.swift), so that several contenders can take turns on one core.

import ArgumentParser
import Foundation
import Lockstep

@main
struct BenchmarkCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmark", abstract: "Our side of the benchmarks; started by scripts/bench.",
        subcommands: [
            Train.self, Generated.self, Convolution.self, Reduce.self, Pictures.self, Transforms.self, Peak.self,
        ])
}

/// What a core can do at most.
struct Peak: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure this core's limits.")

    func run() throws {
        let peak = CorePeak.measure(seconds: 1)
        reply([
            "flops_per_second": peak.flopsPerSecond, "memory_bytes_per_second": peak.memoryBytesPerSecond,
            "instruction_set": CorePeak.instructionSet,
        ])
    }
}

/// Writes one line of JSON for the driver.
func reply(_ facts: [String: Any]) {
    let line = (try? JSONSerialization.data(withJSONObject: facts, options: .sortedKeys)) ?? Data("{}".utf8)
    writeToStandardOutput(String(decoding: line, as: UTF8.self) + "\n")
}
