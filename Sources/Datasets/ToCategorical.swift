// One-hot vectors, for losses that compare with a whole distribution over the classes.

import Tensors

/// One-hot rows, as Keras's `to_categorical`: row i is 0 except for 1 in column `labels[i]`.
///
/// - Parameter classCount: more than every label.
/// - Returns: `labels [n] -> [n, classCount]`, row-major.
/// - Throws: `DatasetError` for a label that is not below `classCount`.
public func toCategorical(_ labels: [some BinaryInteger], classCount: Int) throws(DatasetError) -> [Float] {
    if let index = labels.firstIndex(where: { $0 < 0 || $0 >= classCount }) {
        throw DatasetError("label \(labels[index]) at index \(index) is no class of 0 ..< \(classCount)")
    }
    var rows = [Float](repeating: 0, count: labels.count * classCount)
    for (index, label) in labels.enumerated() { rows[index * classCount + Int(label)] = 1 }
    return rows
}
