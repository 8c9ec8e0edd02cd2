// Arrays of a user's own that do not fit together, and numbers of samples that are not there.

import Tensors
import Testing

import Datasets

struct SamplesTests {
    @Test func datasetsWantBytesForEachLabel() throws {
        func dataset(_ bytes: Int, _ labels: [UInt8], shape: Shape = [28, 28, 1], classes: Int = 10) throws
            -> ImageDataset
        {
            try ImageDataset(
                name: "mine", sampleShape: shape, samples: [UInt8](repeating: 1, count: bytes), labels: labels,
                classCount: classes)
        }
        let labels = [UInt8](repeating: 3, count: 64)
        expectDatasetError("mine has 784 bytes of samples of shape [28, 28, 1], and 64 labels") {
            try dataset(784, labels)
        }
        for bytes in [0, 64 * 784 - 1, 64 * 784 + 1] {
            expectDatasetError("as many bytes as the product of the lengths") { try dataset(bytes, labels) }
        }
        expectDatasetError("mine has") { try dataset(0, labels, shape: [0, 28]) }
        expectDatasetError("mine has") { try dataset(8, [1], shape: [1 << 30, 1 << 30, 1 << 30]) }
        expectDatasetError("sample 0 of mine has label 3, expected a class of 0 ..< 3") {
            try dataset(64 * 784, labels, classes: 3)
        }
        #expect(try dataset(64 * 784, labels).count == 64)
    }

    @Test func samplesWantAsManyTargetsAsInputs() throws {
        let digits = SyntheticDigits.load(trainCount: 3, testCount: 0).train
        for targets in [Tensor([1, 2]), Tensor(repeating: 1), Tensor.zeros([4, 10])] {
            expectDatasetError("digits has 3 samples, but targets of shape \(targets.shape)") {
                try ArrayDataset(digits, targets: targets)
            }
            expectDatasetError("has inputs of shape [3, 2] and targets of shape \(targets.shape)") {
                try ArrayDataset(inputs: .zeros([3, 2]), targets: targets)
            }
        }
        expectDatasetError("inputs of shape []") {
            try ArrayDataset(inputs: Tensor(repeating: 1), targets: Tensor([1]))
        }
        expectDatasetError("label 3 at index 1 is no class of 0 ..< 3") { try toCategorical([2, 3], classCount: 3) }
    }

    @Test func onlySamplesThatAreThereAreRead() throws {
        let digits = SyntheticDigits.load(trainCount: 3, testCount: 0).train
        let floats = try ArrayDataset(inputs: Tensor([1, 2, 3]), targets: Tensor([0, 1, 2]), name: "floats")
        for samples in [digits, floats] as [any Dataset] {
            for wrong: Int in [-1, 3, .max, .min] {
                expectDatasetError("\(samples.name) has no sample \(wrong): expected a number in 0 ..< 3") {
                    try samples.batch([0, wrong], in: Workspace())
                }
            }
            for range in [-1..<2, 0..<4, 3..<5] {
                expectDatasetError("\(samples.name) has no samples \(range)") { try samples[range] }
            }
            #expect(try samples[0..<3].inputs.shape[0] == 3)
            #expect(try samples[3..<3].inputs.shape[0] == 0)
            #expect(try samples.batch([], in: Workspace()).targets.shape == [0])
        }
    }
}
