// Whole passes of a small network: fused against unfused paths, bits on several threads, memory across steps, NaN.

import Tensors
import Testing

import Autograd

struct PassTests {
    /// A convolution, a pooling and two dense layers; every step of it the way a training step would do it.
    final class Network: Sendable {
        let names: [(String, Shape)] = [
            ("c", [3, 3, 2, 5]), ("cb", [5]), ("d", [45, 16]), ("db", [16]), ("e", [16, 4]), ("eb", [4]),
        ]
        let parameters: [Parameter]
        let buffer: ParameterBuffer

        init() {
            parameters = names.map { TapeTests.parameter($0.0, $0.1) }
            buffer = ParameterBuffer(parameters, seed: 3)
        }

        func losses(_ tape: Tape, _ images: Tensor, _ labels: Tensor, fused: Bool) -> Variable {
            let p = parameters.map(tape.parameter)
            let x = tape.constant(images)
            if fused {
                return x.convolution(p[0], bias: p[1], options: .init(), relu: true)
                    .maxPooled(.init(window: 2)).flattened
                    .dense(p[2], bias: p[3], relu: true).dropout(rate: 0.2)
                    .dense(p[4], bias: p[5], relu: false).softmax.sparseCategoricalCrossentropy(labels)
            }
            let hidden = ((x.convolution(p[0]) + p[1]).relu.maxPooled(.init(window: 2)).flattened.matmul(p[2]) + p[3])
                .relu.dropout(rate: 0.2)
            let logits = hidden.matmul(p[4]) + p[5]
            return -(logits.logSoftmax * tape.constant(labels.oneHot(classCount: 4))).sum(axes: [-1])
        }

        /// The flat gradient of one shard.
        func gradients(shard: Int, workspace: Workspace, fused: Bool = true) -> [Float] {
            let gradients = FlatBuffer(count: buffer.count)
            let tape = Tape(
                context: StepContext(step: 1, shard: shard), workspace: workspace, buffer: buffer,
                gradients: gradients)
            let key = RandomKey(seed: 5, purpose: .digits, index: shard)
            let images = Tensor.uniform([6, 8, 8, 2], 0, 1, key: key)
            let labels = Tensor((0..<6).map { Float(($0 + shard) % 4) })
            tape.backward(from: losses(tape, images, labels, fused: fused), weight: 1.0 / 6)
            return Array(gradients[buffer.all])
        }
    }

    /// The same sums in another order: a few roundings of values of order 1 apart.
    @Test func fusedPathsGiveWhatUnfusedOnesGive() {
        let network = Network()
        let (fused, plain) = (
            network.gradients(shard: 0, workspace: Workspace()),
            network.gradients(shard: 0, workspace: Workspace(), fused: false)
        )
        for (parameter, (name, _)) in zip(network.parameters, network.names) {
            #expect(fused[parameter.range].contains { $0 != 0 }, "\(name)")
            let worst = zip(fused[parameter.range], plain[parameter.range]).map { abs($0 - $1) }.max()!
            #expect(worst <= 1e-6, "\(name): \(worst)")
        }
    }

    /// Bit for bit: on two threads with a workspace each, in either order, and in one that moves between threads.
    @Test func aShardHasTheSameBitsOnAnyThread() async {
        let network = Network()
        let alone = Workspace()
        let expected = (0..<8).map { network.gradients(shard: $0, workspace: alone) }
        #expect(Set(expected).count == 8)
        for _ in 0..<4 {
            let found = await withTaskGroup(of: [(Int, [Float])].self) { group in
                for shards in [Array(0..<4), (4..<8).reversed()] {
                    group.addTask {
                        let workspace = Workspace()
                        var result: [(Int, [Float])] = []
                        for shard in shards {
                            result.append((shard, network.gradients(shard: shard, workspace: workspace)))
                            await Task.yield()  // may go on on another thread
                        }
                        return result
                    }
                }
                return await group.reduce(into: []) { $0 += $1 }
            }
            #expect(found.count == 8)
            for (shard, gradients) in found { #expect(gradients == expected[shard], "shard \(shard)") }
        }
    }

    @Test func stepsAllocateNothingAfterTheFirstAndReturnEverything() {
        let network = Network()
        let workspace = Workspace()
        let gradients = FlatBuffer(count: network.buffer.count)
        let images = Tensor.uniform([6, 8, 8, 2], 0, 1, key: RandomKey(seed: 5, purpose: .digits))
        let labels = Tensor([0, 1, 2, 3, 0, 1])
        weak var last: Tape?
        func step(_ number: Int, fused: Bool) {
            let tape = Tape(
                context: StepContext(step: number), workspace: workspace, buffer: network.buffer,
                gradients: gradients)
            last = tape
            // A penalty computed from parameters alone, whose memory lies outside any workspace.
            let penalty = tape.parameter(network.parameters[0]).square.sum()
            tape.backward(from: network.losses(tape, images, labels, fused: fused) + penalty * 0.01)
        }
        step(0, fused: true)
        step(0, fused: false)
        let allocated = workspace.systemAllocationCount
        #expect(allocated > 10)
        for number in 1..<5 {
            step(number, fused: number.isMultiple(of: 2))
            #expect(last == nil, "a tape outlived its step")
            #expect(workspace.systemAllocationCount == allocated)
            #expect(workspace.freeBufferCount == allocated)
        }
    }

    @Test(arguments: [true, false]) func aNaNReachesTheLossThroughEveryLayer(fused: Bool) {
        let network = Network()
        let kernel = network.buffer.values[network.parameters[0].range]
        kernel[0] = .nan
        let tape = Tape()
        let images = Tensor.uniform([1, 8, 8, 2], 0, 1, key: RandomKey(seed: 5, purpose: .digits))
        let loss = network.losses(tape, images, Tensor([2]), fused: fused)
        #expect(loss.value.scalar.isNaN)
        tape.backward(from: loss)
        #expect(tape.gradient(of: network.parameters[5]).scalars.allSatisfy { $0.isNaN })
    }

    /// ReLU's gradient is taken in place, but not where a sum has handed the same memory to a second operand.
    @Test func aSharedGradientIsNotOverwritten() {
        let tape = Tape()
        let (x, shortcut) = (
            tape.watched(Tensor([1, 1]).reshaped([1, 2])), tape.watched(Tensor([5, 5]).reshaped([1, 2]))
        )
        let hidden = x.dense(tape.constant(Tensor([1, -1, 1, -1]).reshaped([2, 2])), bias: nil, relu: true)
        tape.backward(from: hidden + shortcut)
        #expect(tape.gradient(of: shortcut).scalars == [1, 1])
        #expect(tape.gradient(of: x).scalars == [1, 1])
    }

    /// With equal elements in a window the first takes the gradient, and a NaN counts as the largest.
    @Test func maxPoolingGivesTheGradientToOneElement() {
        let tape = Tape()
        let x = tape.watched(Tensor([3, 3, 1, .nan, 3, 2, .nan, 5]).reshaped([1, 2, 4, 1]))
        let y = x.maxPooled(.init(window: 2))
        #expect(y.value.scalars[0] == 3 && y.value.scalars[1].isNaN)
        tape.backward(from: y)
        #expect(tape.gradient(of: x).scalars == [1, 0, 0, 1, 0, 0, 0, 0])
    }

    /// As ONNX's reductions of empty sets have it.
    @Test func extremesOfNothingAreInfinite() {
        let tape = Tape()
        let x = tape.watched(Tensor([Float]()).reshaped([2, 0, 3]))
        let (top, bottom, sums) = (x.max(axes: [1]), x.min(axes: [1], keepingDimensions: true), x.logSumExp(axes: [1]))
        #expect(top.shape == [2, 3] && top.value.scalars.allSatisfy { $0 == -.infinity })
        #expect(bottom.shape == [2, 1, 3] && bottom.value.scalars.allSatisfy { $0 == .infinity })
        #expect(sums.shape == [2, 3] && sums.value.scalars.allSatisfy { $0 == -.infinity })
        #expect(x.max().value.scalar == -.infinity && x.max(axes: [0]).shape == [0, 3])
        tape.backward(from: top + bottom.reshaped([2, 3]) + sums)
        #expect(tape.gradient(of: x).shape == [2, 0, 3])
    }

    @Test func equalElementsShareOrTakeTheGradientAsDocumented() {
        let tape = Tape()
        let (a, b) = (tape.watched(Tensor([1, 2, 2])), tape.watched(Tensor([1, 1, 3])))
        // The scalar a.max() is added to three elements and has two largest ones: 300 in all, 150 for each.
        tape.backward(from: Variable.max(a, b) + Variable.min(a, b) * 10 + a.max() * 100)
        #expect(tape.gradient(of: a).scalars == [11, 151, 160])
        #expect(tape.gradient(of: b).scalars == [0, 10, 1])
    }
}
