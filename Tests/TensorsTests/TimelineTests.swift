// What a timeline says about the activities of its thread.

import Tensors
import Testing

struct TimelineTests {
    @Test func sumsAreOwnTimesAndAddUpToAll() {
        let before = monotonicNanoseconds()
        let timeline = Timeline()
        let start = monotonicNanoseconds()
        timeline.begin(.step)
        pass(nanoseconds: 2_000_000)
        timeline.begin(.update)
        pass(nanoseconds: 3_000_000)
        timeline.end()
        timeline.end()
        timeline.begin(.data)
        let end = monotonicNanoseconds()
        timeline.end()
        let sums = [Activity.other, .step, .update, .data].map(timeline.nanoseconds)
        #expect(sums[1] >= 2_000_000 && sums[2] >= 3_000_000)
        #expect(sums[1] < end - start - 2_900_000, "the step's own time is without the update's")
        #expect(sums.reduce(0, +) >= end - start && sums.reduce(0, +) <= monotonicNanoseconds() - before)
    }

    @Test func resetForgetsSumsAlone() {
        let timeline = Timeline(tracedSteps: 0..<1, spanCapacity: 8)
        timeline.step = 0
        timeline.begin(.step)
        pass(nanoseconds: 1_000_000)
        timeline.count(operations: 7)
        timeline.end()
        timeline.reset()
        #expect(timeline.nanoseconds(of: .step) == 0 && timeline.operations(of: .step) == 0)
        #expect(timeline.spans.count == 1)
    }

    @Test func spansNestAndBelongToTheStepsAskedFor() {
        let timeline = Timeline(tracedSteps: 2..<4, spanCapacity: 100)
        for step in 0..<6 {
            timeline.step = step
            timeline.begin(.step)
            timeline.begin(.forward(0))
            timeline.end()
            timeline.begin(.backward(0))
            timeline.end()
            timeline.end()
        }
        timeline.begin(.epochEnd)
        timeline.end()
        let spans = timeline.spans
        #expect(spans.map(\.step) == [2, 2, 2, 3, 3, 3, 5], "rare activities are kept whatever the step")
        #expect(
            spans.map(\.activity) == [.forward(0), .backward(0), .step, .forward(0), .backward(0), .step, .epochEnd])
        #expect(spans[2].start <= spans[0].start && spans[0].end <= spans[1].start && spans[1].end <= spans[2].end)
    }

    @Test func spansBesideTheActivitiesCountInNoSum() {
        let timeline = Timeline(tracedSteps: 1..<2, spanCapacity: 2)
        for step in 0..<2 {
            timeline.step = step
            let start = monotonicNanoseconds()
            timeline.begin(.exchange)
            pass(nanoseconds: 1_000_000)
            timeline.span(.piece, from: start)
            timeline.end()
        }
        #expect(timeline.spans.map(\.activity) == [.piece, .exchange] && timeline.spans.map(\.step) == [1, 1])
        #expect(timeline.spans[0].start <= timeline.spans[1].start && timeline.spans[0].end <= timeline.spans[1].end)
        #expect(timeline.nanoseconds(of: .piece) == 0 && timeline.nanoseconds(of: .exchange) >= 2_000_000)
    }

    @Test func memoryIsBounded() {
        let timeline = Timeline(tracedSteps: 0..<1, spanCapacity: 3)
        timeline.step = 0
        for _ in 0..<10 {
            timeline.begin(.data)
            timeline.end()
        }
        #expect(timeline.spans.count == 3 && timeline.droppedSpanCount == 7)
    }

    @Test func activitiesKeepAccountAndDirection() throws {
        for account in [0, 1, 17] {
            let (forward, backward) = (try #require(Activity.forward(account).layer), Activity.backward(account).layer)
            #expect(forward == (account, false))
            #expect(try #require(backward) == (account, true))
        }
        #expect(Activity.checkpoint.layer == nil)
    }

    /// A multiplication and an addition for each tap or term.
    @Test func productsCountTheirOperations() {
        let timeline = Timeline()
        let workspace = Workspace(timeline: timeline)
        func counted(_ body: () -> Void) -> Int {
            timeline.reset()
            body()
            return timeline.operations(of: .other)
        }
        let a = Tensor(repeating: 1, [5, 7], in: workspace)
        let b = Tensor(repeating: 1, [7, 3], in: workspace)
        #expect(counted { _ = a.matmul(b) } == 2 * 5 * 7 * 3)
        let convolution = Convolution(
            input: [2, 6, 6, 4], kernel: [3, 3, 2, 8], options: ConvolutionOptions(padding: .same, groups: 2))
        let input = Tensor(repeating: 1, [2, 6, 6, 4], in: workspace)
        let kernel = Tensor(repeating: 1, [3, 3, 2, 8], in: workspace)
        let expected = 2 * (2 * 6 * 6 * 8) * (3 * 3 * 2)
        #expect(counted { _ = convolution.forward(input, kernel, bias: nil, in: workspace) } == expected)
        let gradient = Tensor(repeating: 1, convolution.outputShape, in: workspace)
        #expect(counted { _ = convolution.inputGradient(gradient, kernel, in: workspace) } == expected)
        let target = Tensor(repeating: 0, [3, 3, 2, 8], in: workspace)
        #expect(
            counted { convolution.kernelGradient(gradient, input, into: target.pointer, in: workspace) } == expected)
    }

    private func pass(nanoseconds: Int64) {
        let end = monotonicNanoseconds() + nanoseconds
        while monotonicNanoseconds() < end {}
    }
}
