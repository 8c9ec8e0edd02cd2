// Fine-tuning: layers of the same names and shapes take the weights of a file, others begin anew, and all are listed.

import Autograd
import Foundation
import Layers
import Tensors
import Testing

import Training

@Suite struct WeightTransferTests {
    private func makeModel(_ layers: [any Layer], seed: UInt64) throws -> Model {
        let model = Sequential(layers).compile(loss: .meanSquaredError)
        try model.build(input: [4], seed: seed)
        return model
    }

    @Test func aHeadOfAnotherShapeIsNew() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/weights.safetensors"
        let first = try makeModel([Dense(3), BatchNormalization(), Dense(5), Dense(2)], seed: 1)
        try first.save(path)

        // The last layer's bias would fit, but belongs to other weights.
        let second = try makeModel([Dense(3), BatchNormalization(), Dense(6), Dense(2), LayerNormalization()], seed: 2)
        let drawn = second.network.allParameters().map { ($0.path, $0.parameter.value.scalars) }
        let transfer = try second.loadMatching(path, input: [4])
        #expect(!transfer.isWhole)
        #expect(
            transfer.used == [
                "dense.kernel", "dense.bias", "batch_normalization.gamma", "batch_normalization.beta",
                "batch_normalization.moving_mean", "batch_normalization.moving_variance",
            ])
        #expect(
            transfer.new == [
                "dense_1.kernel [3, 6] (the file has [3, 5])", "dense_1.bias [6] (the file has [5])",
                "dense_2.kernel [6, 2] (the file has [5, 2])", "dense_2.bias [2]",
                "layer_normalization.gamma [2] (not in the file)", "layer_normalization.beta [2] (not in the file)",
            ])
        #expect(
            transfer.unused == [
                "dense_1.bias [5]", "dense_1.kernel [3, 5]", "dense_2.bias [2]", "dense_2.kernel [5, 2]",
            ])
        #expect(
            transfer.description.hasPrefix("weights of \(path): 6 of 12 parameters used\n  new: dense_1.kernel [3, 6]"))
        let taken = Dictionary(
            uniqueKeysWithValues: first.network.allParameters().map { ($0.path, $0.parameter.value.scalars) })
        for ((path, before), (_, parameter)) in zip(drawn, second.network.allParameters()) {
            #expect(parameter.value.scalars == (transfer.used.contains(path) ? taken[path] : before), "\(path)")
        }
        #expect(drawn[0].1 != taken["dense.kernel"])

        let same = try makeModel([Dense(3), BatchNormalization(), Dense(5), Dense(2)], seed: 3)
        #expect(try same.loadMatching(path, input: [4]).isWhole)
        #expect(same.fingerprint == first.fingerprint)

        let other = try makeModel([Dense(9)], seed: 4)
        let fingerprint = other.fingerprint
        do {
            try other.loadMatching(path, input: [4])
            Issue.record("nothing fits, but no error")
        } catch {
            #expect("\(error)".contains("is of another model: no layer has the same name and shapes"), "\(error)")
            #expect("\(error)".contains("dense.kernel [4, 9] (the file has [4, 3])"), "\(error)")
        }
        #expect(other.fingerprint == fingerprint)
    }
}
