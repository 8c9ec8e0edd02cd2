// One convolution layer, forward and both backwards, with whatever conversions of layout it makes.

import ArgumentParser
import Lockstep

struct Convolution: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a 3 x 3 convolution forward and backward.")

    @Option(help: "Rows and columns of the image.") var size = 32
    @Option(help: "Channels in.") var channels = 64
    @Option(help: "Channels out.") var filters = 64
    @Option(help: "Images.") var batchSize = 32

    func run() throws {
        let layer = Conv2D(filters, kernelSize: 3, padding: .same)
        let parameters = try layer.makeParameterBuffer(input: [size, size, channels], seed: 0)
        let gradients = FlatBuffer(count: parameters.count)
        let workspace = Workspace()
        let images = Tensor.normal(
            [batchSize, size, size, channels], mean: 0, deviation: 1,
            key: RandomKey(seed: 0, purpose: .initialization, index: 1))
        func step() {
            let tape = Tape(.training, workspace: workspace, buffer: parameters, gradients: gradients)
            let input = tape.watched(images)
            tape.backward(from: layer(input), weight: 1 / Float(batchSize))
            _ = tape.gradient(of: input)
        }
        step()
        reply([:])
        let orders = Orders(.alone)
        while let steps = try orders.next() {
            let begin = Usage()
            for _ in 0..<steps { step() }
            reply(begin.answer(steps: steps))
        }
    }
}
