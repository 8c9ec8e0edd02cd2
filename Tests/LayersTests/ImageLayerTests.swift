// Layers of images, borders and arrangement: gradients by differences, and messages. Their values are compared with Keras's
// and PyTorch's in Tests/ModelsTests/LayerReferenceTests.swift.

import Autograd
import Layers
import Tensors
import Testing

@Suite struct ImageLayerTests {
    /// Numbers of which no two are equal, far enough apart for differences.
    private func distinct(_ shape: Shape) -> Tensor {
        Tensor((0..<shape.count).map { Float(($0 * 37) % shape.count) / 8 - 1 }).reshaped(shape.dimensions)
    }

    @Test func gradients() throws {
        let image = wave([2, 4, 3, 2])
        try expectGradients(Conv2D(3, kernelSize: [3, 1], strides: [2, 1], padding: .explicit([2, 1])), image)
        try expectGradients(
            Conv2D(3, kernelSize: 2, padding: .explicit(top: 0, bottom: 2, left: 1, right: 0)), image)
        try expectGradients(Conv2DTranspose(3, kernelSize: [3, 2], strides: [2, 1], padding: .same), image)
        try expectGradients(Conv2DTranspose(2, kernelSize: 3, strides: 3, outputPadding: [2, 0]), image)
        try expectGradients(Conv2DTranspose(2, kernelSize: 3, padding: .explicit(1), dilation: 2), wave([1, 3, 4, 2]))
        try expectGradients(DepthwiseConv2D(kernelSize: [2, 3], padding: .same, depthMultiplier: 3), image)
        try expectGradients(SeparableConv2D(3, kernelSize: 2, strides: 2, depthMultiplier: 2), image)
        try expectGradients(MaxPooling2D([2, 3], strides: 2, ceilMode: true), distinct([2, 3, 5, 2]))
        try expectGradients(GlobalMaxPooling2D(), distinct([2, 3, 2, 2]))
        try expectGradients(
            AveragePooling2D(3, strides: 2, padding: .explicit(1), ceilMode: true, countsPadding: true), image)
        try expectGradients(ZeroPadding1D(before: 1, after: 2), wave([2, 3, 2]))
        try expectGradients(ZeroPadding2D(top: 1, bottom: 0, left: 2, right: 1), image)
        try expectGradients(Cropping1D(before: 2, after: 0), wave([2, 3, 2]))
        try expectGradients(Cropping2D(top: 1, bottom: 1, left: 0, right: 2), image)
        try expectGradients(UpSampling1D(3), wave([2, 3, 2]))
        try expectGradients(UpSampling2D([1, 2]), image)
        try expectGradients(UpSampling2D([2, 3], interpolation: .bilinear), image)
        try expectGradients(Permute([3, 1, 2]), image)
        try expectGradients(RepeatVector(3), wave([2, 4]))
    }

    /// A transposed convolution is the gradient of a convolution: <conv(x), y> = <x, transposed(y)>.
    @Test(arguments: [Pair(1), [2, 1], [2, 3]]) func transposedIsTheAdjoint(_ strides: Pair) throws {
        let (height, width) = (7, 9)
        let convolution = Conv2D(16, kernelSize: 3, strides: strides, useBias: false)
        let middle = try convolution.build([height, width, 32])
        let transposed = Conv2DTranspose(
            32, kernelSize: 3, strides: strides,
            outputPadding: Pair((height - 3) % strides.height, (width - 3) % strides.width),
            useBias: false)
        let built = try transposed.build(middle)
        #expect(built == [height, width, 32])
        #expect(transposed.kernel.shape == convolution.kernel.shape)
        let (x, y) = (wave([2, height, width, 32]), wave(middle.prepending(2), 1))
        let values = wave([3, 3, 32, 16], 2)
        for layer in [convolution, transposed] as [any Layer] {
            let buffer = try layer.makeParameterBuffer(input: layer === convolution ? [height, width, 32] : middle)
            _ = buffer.values[buffer.parameters[0].range].update(fromContentsOf: values.scalars)
        }
        func dot(_ a: Tensor, _ b: Tensor) -> Double {
            zip(a.scalars, b.scalars).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        }
        let (there, back) = (dot(infer(convolution, x), y), dot(x, infer(transposed, y)))
        #expect(abs(there - back) <= 1e-4 * abs(there))
        #expect(abs(there) > 1)
    }

    /// However far windows reach beyond the image, with each of the algorithms.
    @Test(arguments: [
        (Pair(3), Pair(1), 4, 32, 32), (Pair(3), Pair(1), 2, 32, 32), (Pair(2), Pair(5), 5, 2, 3),
        (Pair(1), Pair(3), 3, 3, 2),
    ])
    func explicitPaddingIsThatOfZeros(_ kernel: Pair, _ strides: Pair, _ padding: Int, _ channels: Int, _ filters: Int)
        throws
    {
        let input = wave([2, 9, 8, channels])
        let sides = Padding.explicit(top: padding, bottom: 0, left: padding, right: padding - 1)
        let whole = Conv2D(filters, kernelSize: kernel, strides: strides, padding: sides)
        let parts = Sequential([
            ZeroPadding2D(top: padding, bottom: 0, left: padding, right: padding - 1),
            Conv2D(filters, kernelSize: kernel, strides: strides),
        ])
        func pass(_ layer: any Layer) throws -> [Float] {
            let buffer = try layer.makeParameterBuffer(input: input.shape.dropFirst(), seed: 4)
            let gradients = FlatBuffer(count: buffer.count)
            let tape = Tape(.training, buffer: buffer, gradients: gradients)
            let x = tape.watched(input)
            let y = layer(x)
            tape.backward(from: (y * tape.constant(wave(y.shape, 1))).sum())
            return y.value.scalars + gradients[buffer.trainable] + tape.gradient(of: x).scalars
        }
        let (found, expected) = (try pass(whole), try pass(parts))
        #expect(found.count == expected.count)
        let size = expected.map { abs($0) }.max() ?? 0
        for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-5 * size) }
    }

    @Test func shapes() throws {
        try expectShapes(Conv2DTranspose(4, kernelSize: 3, strides: 2, padding: .same), [5, 7, 3], [10, 14, 4])
        try expectShapes(Conv2DTranspose(4, kernelSize: 3, strides: 2), [5, 7, 3], [11, 15, 4])
        try expectShapes(Conv2DTranspose(4, kernelSize: [2, 5], strides: [3, 1]), [5, 7, 3], [15, 11, 4])
        try expectShapes(GlobalMaxPooling2D(), [5, 7, 3], [3])
        try expectShapes(GlobalMaxPooling2D(), [5, 7, 3], [3], batch: 0)
        try expectShapes(MaxPooling2D([2, 3], strides: [1, 2]), [5, 7, 3], [4, 3, 3])
        try expectShapes(MaxPooling2D(2, strides: 2, ceilMode: true), [5, 7, 3], [3, 4, 3])
        try expectShapes(AveragePooling2D(3, strides: 2, padding: .explicit([1, 0])), [5, 7, 3], [3, 3, 3])
        // A window that would begin behind the image is none.
        try expectShapes(MaxPooling2D(2, strides: 3, padding: .explicit(1), ceilMode: true), [5, 5, 1], [2, 2, 1])
        try expectShapes(UpSampling2D([2, 3], interpolation: .bilinear), [1, 2, 3], [2, 6, 3])
        try expectShapes(SeparableConv2D(4, kernelSize: 3, padding: .same), [5, 7, 3], [5, 7, 4])
        for layer in [UpSampling2D(), UpSampling2D(interpolation: .bilinear)] {
            try expectShapes(layer, [2, 3, 1], [4, 6, 1], batch: 0)
        }
        try expectShapes(Conv2DTranspose(4, kernelSize: 3), [2, 3, 1], [4, 5, 4], batch: 0)
        try expectShapes(DepthwiseConv2D(kernelSize: 2), [2, 3, 2], [1, 2, 2], batch: 0)
    }

    @Test func errors() {
        expectShapeError(Conv2D(4, kernelSize: [0, 3]), [5, 5, 1], "Conv2D(4)", "0 x 3")
        expectShapeError(Conv2D(4, kernelSize: 3, padding: .explicit(-1)), [5, 5, 1], "Conv2D(4)", "0 or more")
        expectShapeError(Conv2D(4, kernelSize: [7, 1]), [5, 5, 1], "Conv2D(4)", "7 x 1", "[5, 5, 1]")
        expectShapeError(
            MaxPooling2D(2, padding: .explicit(2)), [5, 5, 1], "MaxPooling2D(2)", "smaller than the window")
        expectShapeError(AveragePooling2D([2, 9]), [5, 5, 1], "AveragePooling2D(2 x 9)", "[5, 5, 1]")
        expectShapeError(
            Conv2DTranspose(4, kernelSize: 3, strides: 2, outputPadding: 2), [5, 5, 1], "Conv2DTranspose(4)",
            "below the strides 2 x 2", "2 x 2")
        expectShapeError(Conv2DTranspose(4, kernelSize: 2, padding: .explicit(3)), [2, 2, 1], "leaves nothing")
        expectShapeError(Conv2DTranspose(4, kernelSize: 2), [2, 2], "[height, width, channels]", "[2, 2]")
        expectShapeError(DepthwiseConv2D(kernelSize: 2, depthMultiplier: 0), [3, 3, 1], "depthMultiplier")
        expectShapeError(SeparableConv2D(0, kernelSize: 2), [3, 3, 1], "filters must be positive")
        expectShapeError(GlobalMaxPooling2D(), [3, 3], "GlobalMaxPooling2D", "[3, 3]")
        expectShapeError(ZeroPadding2D(top: -1, bottom: 0, left: 0, right: 0), [3, 3, 1], "0 or more")
        expectShapeError(ZeroPadding1D(), [3], "ZeroPadding1D", "[positions, channels]", "[3]")
        expectShapeError(Cropping1D(2), [4, 1], "Cropping1D", "nothing is left", "[4, 1]")
        expectShapeError(Cropping2D(1), [4, 2, 1], "Cropping2D", "nothing is left", "[4, 2, 1]")
        expectShapeError(UpSampling1D(0), [4, 2], "UpSampling1D", "positive")
        expectShapeError(UpSampling2D(), [4, 2], "UpSampling2D", "[height, width, channels]")
        expectShapeError(RepeatVector(2), [4, 2], "RepeatVector", "[features]", "[4, 2]")
        expectShapeError(Permute([1, 3]), [4, 2], "Permute", "1 to 2", "[1, 3]")
        expectShapeError(Permute([0, 1]), [4, 2], "Permute", "[0, 1]")
    }
}
