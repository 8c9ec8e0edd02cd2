// One-hot vectors, for losses that compare with a whole distribution over the classes.

import Tensors

/// One-hot rows, as Keras's `to_categorical`: row i is 0 except for 1 in column `labels[i]`.
///
/// - Parameter classCount: more than every label.
/// - Returns: `labels [n] -> [n, classCount]`, row-major.
public func toCategorical(_ labels: [UInt8], classCount: Int) -> [Float] {
    var rows = [Float](repeating: 0, count: labels.count * classCount)
    for (index, label) in labels.enumerated() {
        require(Int(label) < classCount, "toCategorical: label \(label) at index \(index) is not below \(classCount)")
        rows[index * classCount + Int(label)] = 1
    }
    return rows
}
