// After warm-up, a training step lives on the memory it has.

import TestSupport
import Testing

@Suite(.serialized) struct StepMemoryTests {
    /// Every page that a process gets from the system costs it a page fault, whether it came by `brk`, `mmap` or thread
    /// stacks. Forty steps of which each took a single new buffer would show hundreds; the system's own doings (a page
    /// moved, a count of a timer) show a few.
    @Test(arguments: [
        ("mnist-mlp", 1, 1), ("mnist-cnn", 1, 1), ("mnist-cnn", 4, 1), ("mnist-cnn", 4, 2), ("gpt", 2, 1),
    ])
    func takesNothingFromTheSystem(_ model: String, shards: Int, threads: Int) throws {
        let result = try runProcess(
            try builtProduct("StepProbe"), [model, "64", "\(shards)", "\(threads)", "40"], timeoutSeconds: 120)
        #expect(result.status == 0, "\(result.standardError)")
        let pages = try #require(result.standardOutput.split(separator: " ").first.flatMap { Int($0) })
        #expect(pages <= 20, "\(result.standardOutput)")
    }
}
