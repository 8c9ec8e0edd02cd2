// The built-in architectures.

import Autograd
import Layers
import Models
import Testing

@Suite struct NamedModelTests {
    @Test func parameterCounts() throws {
        let mlp = try NamedModel.mnistMLP.makeModel().makeParameterBuffer(input: [28, 28, 1])
        #expect(mlp.trainableScalarCount == 50_890)
        let cnn = try NamedModel.mnistCNN.makeModel().makeParameterBuffer(input: [28, 28, 1])
        #expect(cnn.trainableScalarCount == 693_962)
        let two = try NamedModel.mnistCNN2.makeModel().makeParameterBuffer(input: [28, 28, 1])
        #expect(two.trainableScalarCount == 108_874)
        let three = try NamedModel.mnistCNN3.makeModel().makeParameterBuffer(input: [28, 28, 1])
        #expect(three.trainableScalarCount == 188_746)
    }

    @Test(arguments: NamedModel.allCases) func outputsAreProbabilitiesOfTenClasses(_ named: NamedModel) throws {
        let model = named.makeModel()
        _ = try model.makeParameterBuffer(input: [28, 28, 1], seed: 1)
        let output = model(Tape(.inference).constant(.zeros([2, 28, 28, 1]))).value
        #expect(output.shape == [2, 10])
        // Ten numbers of order 0.1, each rounded to 1e-8.
        for sum in output.sum(axes: [1]).scalars { #expect(abs(sum - 1) < 1e-6) }
    }

    @Test func everyCallMakesFreshLayers() throws {
        let (first, second) = (NamedModel.mnistMLP.makeModel(), NamedModel.mnistMLP.makeModel())
        #expect(first.allParameters()[0].parameter !== second.allParameters()[0].parameter)
    }
}
