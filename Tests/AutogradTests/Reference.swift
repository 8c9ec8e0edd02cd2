// The committed file of values computed without the engine, and how its parts become tensors. Read by OperationTests;
// written by scripts/reference/autograd.py.

import Foundation
import Tensors
import Testing

/// One operation on given inputs: what comes out, and the gradients of `sum(weights * output)`.
struct ReferenceCase: Decodable, Sendable, CustomTestStringConvertible {
    struct Array: Decodable, Sendable {
        let shape: [Int]
        let scalars: [Float]

        var tensor: Tensor { Tensor(scalars).reshaped(shape) }
    }

    let name: String
    let inputs: [Array]
    let constants: [Array]
    let weights: Array
    let output: Array
    let gradients: [[Float]]

    var testDescription: String { name }

    static let all: [ReferenceCase] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference/autograd.json")
        do {
            return try JSONDecoder().decode([ReferenceCase].self, from: Data(contentsOf: file))
        } catch {
            fatalError("can't read \(file.path): \(error)")
        }
    }()
}
