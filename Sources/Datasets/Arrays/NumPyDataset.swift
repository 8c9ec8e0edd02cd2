// Arrays saved by NumPy as samples. The command makes one of `npz:FILE` and `npy:X,Y`.

import Autograd
import Tensors

/// Inputs and targets in arrays, which stay where they are: in a mapped file where they are stored so.
///
/// Bytes (`uint8`) in three axes or more are pictures: `byte / 255`, and `[samples, height, width]` gains a channel. All
/// other inputs are taken as they are. Whole-numbered targets `[samples]` or `[samples, 1]` are class numbers, of classes 0
/// to the largest of them; all others are values.
public struct NumPyDataset: Dataset {
    public let name: String
    public let count: Int
    public let input: Field
    public let target: Field
    private let inputs: NumPyArray
    private let targets: NumPyArray
    private let weights: [Float]

    /// The data sets in a .npz file: of its arrays `x_train`, `y_train` and, where they are there, `x_test`, `y_test`; or of
    /// `x` and `y` alone (`X` and `Y` too). `sample_weight` or `sample_weight_train`, and `sample_weight_test`, say how much
    /// each sample counts.
    ///
    /// - Parameter task: whether targets are classes or values, where it is not as the type of the array says.
    /// - Throws: `DatasetError` for arrays that are not there or do not fit, and for values that can't be used.
    public static func load(
        npz path: String, task: TableOptions.Task? = nil
    ) throws(DatasetError) -> (train: NumPyDataset, test: NumPyDataset?) {
        let archive = try NumPyArchive.read(path)
        func array(_ names: String...) throws(DatasetError) -> NumPyArray? {
            guard let name = names.first(where: archive.names.contains) else { return nil }
            return try archive.array(name)
        }
        guard let x = try array("x_train", "X_train", "x", "X"), let y = try array("y_train", "Y_train", "y", "Y")
        else {
            throw DatasetError(
                "\(path) holds no arrays x_train and y_train, nor x and y; it holds "
                    + archive.names.joined(separator: ", "))
        }
        let train = Part(x, y, weights: try array("sample_weight_train", "sample_weight"))
        let (testX, testY) = (try array("x_test", "X_test"), try array("y_test", "Y_test"))
        guard (testX == nil) == (testY == nil) else {
            throw DatasetError("\(path) holds one of x_test and y_test; expected both, or neither")
        }
        var test: Part?
        if let testX, let testY { test = Part(testX, testY, weights: try array("sample_weight_test")) }
        let sets = try load([train, test].compactMap { $0 }, name: path, task)
        return (sets[0], sets.count > 1 ? sets[1] : nil)
    }

    /// A data set of two .npy files.
    ///
    /// - Parameter task: as above.
    /// - Throws: as above.
    public static func load(
        inputs: String, targets: String, task: TableOptions.Task? = nil
    ) throws(DatasetError) -> NumPyDataset {
        let part = Part(try NumPyArray.read(inputs), try NumPyArray.read(targets), weights: nil)
        return try load([part], name: inputs, task)[0]
    }

    /// Arrays of one data set.
    private struct Part {
        let inputs: NumPyArray
        let targets: NumPyArray
        let weights: NumPyArray?

        init(_ inputs: NumPyArray, _ targets: NumPyArray, weights: NumPyArray?) {
            (self.inputs, self.targets, self.weights) = (inputs, targets, weights)
        }
    }

    /// Parts of one kind: their classes are counted over all.
    private static func load(
        _ parts: [Part], name: String, _ task: TableOptions.Task?
    ) throws(DatasetError) -> [NumPyDataset] {
        let areClasses = parts.allSatisfy { $0.targets.areClasses(task) }
        var classCount = 0
        if areClasses {
            for part in parts { classCount = max(classCount, try part.targets.classCount()) }
            guard classCount <= max(1000, parts[0].inputs.count) else {
                throw DatasetError(
                    "\(parts[0].targets.name) holds whole numbers up to \(classCount - 1), more classes than samples; number "
                        + "the classes from 0, or save values to predict as arr.astype('float32')")
            }
        }
        var sets: [NumPyDataset] = []
        for part in parts { sets.append(try NumPyDataset(part, name: name, classCount: areClasses ? classCount : nil)) }
        if let test = sets.last, test.input.shape != sets[0].input.shape || test.target.shape != sets[0].target.shape {
            throw DatasetError(
                "\(name): the test part has inputs \(test.input.shape) and targets \(test.target.shape) for each sample, "
                    + "expected \(sets[0].input.shape) and \(sets[0].target.shape) as in the training part")
        }
        return sets
    }

    private init(_ part: Part, name: String, classCount: Int?) throws(DatasetError) {
        let (x, y) = (part.inputs, part.targets)
        for other in [y, part.weights].compactMap({ $0 }) where other.count != x.count {
            throw DatasetError(
                "\(x.name) has \(x.count) samples, but \(other.name) has \(other.count); expected as many")
        }
        try x.checkValues()
        try y.checkValues()
        self.name = name
        count = x.count
        input = Field("input", shape: try x.inputShape(), kind: x.isPictures ? .pixels : .numbers)
        let targetShape: Shape = y.rowLength == 1 ? [] : try y.fieldShape(y.sampleShape)
        target = Field("target", shape: targetShape, kind: classCount.map { .classes($0) } ?? .numbers)
        (inputs, targets) = (x, y)
        weights = try part.weights?.sampleWeights() ?? []
    }

    public var isWeighted: Bool { !weights.isEmpty }
    public func weight(of sample: Int) -> Float { weights.isEmpty ? 1 : weights[sample] }

    public func classNumber(of sample: Int) -> Int? {
        guard target.classCount != nil else { return nil }
        var number: Float = 0
        targets.copyRows([sample], to: &number)
        return Int(number)
    }

    public func read(
        _ numbers: ArraySlice<Int>, inputs x: UnsafeMutableBufferPointer<Float>,
        targets y: UnsafeMutableBufferPointer<Float>
    ) {
        guard let start = x.baseAddress, let targetStart = y.baseAddress else { return }
        targets.copyRows(numbers, to: targetStart)
        guard inputs.isPictures else { return inputs.copyRows(numbers, to: start) }
        if !inputs.isFortran { return inputs.bytes.scaled(numbers, width: inputs.rowLength, to: x) }
        inputs.copyRows(numbers, to: start)
        for place in 0..<numbers.count * inputs.rowLength { start[place] *= 1 / 255 }
    }

    public func prefetch(_ numbers: ArraySlice<Int>) {
        if inputs.isPictures && !inputs.isFortran { inputs.bytes.prefetch(numbers, width: inputs.rowLength) }
    }

    public var fingerprint: Fingerprint {
        let weights = weights.withUnsafeBytes(Fingerprint.init(of:))
        let text = "\(input.kind)\(inputs.fingerprint)\(target.kind)\(targets.fingerprint)\(weights)"
        return Array(text.utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}

extension NumPyArray {
    package var isPictures: Bool { isBytes && shape.count >= 3 }

    fileprivate func areClasses(_ task: TableOptions.Task?) -> Bool {
        rowLength == 1 && (task.map { $0 == .classes } ?? isInteger)
    }

    /// The shape of a sample as an input.
    ///
    /// - Throws: `DatasetError` for more axes or values than a sample can have.
    package func inputShape() throws(DatasetError) -> Shape {
        if sampleShape.isEmpty { return [1] }
        return try fieldShape(isPictures && sampleShape.count == 2 ? sampleShape + [1] : sampleShape)
    }

    fileprivate func fieldShape(_ lengths: [Int]) throws(DatasetError) -> Shape {
        guard lengths.count < Shape.maximumRank, Shape.count(of: lengths) != nil else {
            throw DatasetError(
                "\(name) has samples of shape \(lengths); expected at most \(Shape.maximumRank - 1) axes, and 2^31 - 2 "
                    + "values in all")
        }
        return Shape(lengths)
    }

    /// One more than the largest.
    ///
    /// - Throws: `DatasetError` naming the first that is no whole number of 0 on.
    fileprivate func classCount() throws(DatasetError) -> Int {
        var largest: Float = 0
        let wrong = forEachValue { value in
            guard value >= 0, value == value.rounded(), value < 0x1p24 else { return false }
            largest = max(largest, value)
            return true
        }
        if let wrong {
            throw DatasetError(
                "\(name) holds \(wrong.value) at [\(wrong.index)], which is no class number; expected 0, 1, 2 ..., or "
                    + "values to predict as arr.astype('float32')")
        }
        return Int(largest) + 1
    }

    fileprivate func sampleWeights() throws(DatasetError) -> [Float] {
        guard rowLength == 1 else {
            throw DatasetError("\(name) has shape \(shape), expected one weight for each sample, [\(count)]")
        }
        var weights: [Float] = []
        weights.reserveCapacity(count)
        let wrong = forEachValue { value in
            weights.append(value)
            return value >= 0 && value.isFinite
        }
        guard let wrong else { return weights }
        throw DatasetError("\(name) holds \(wrong.value) at [\(wrong.index)]; expected a finite weight, at least 0")
    }

    /// Goes through an array of one value for each sample until `isGood` is false; where that is.
    private func forEachValue(_ isGood: (Float) -> Bool) -> (index: Int, value: Float)? {
        let block = 65_536
        var values = [Float](repeating: 0, count: block)
        for start in stride(from: 0, to: count, by: block) {
            let end = min(count, start + block)
            values.withUnsafeMutableBufferPointer { copyRows(Array(start..<end)[...], to: $0.baseAddress!) }
            if let wrong = values[..<(end - start)].firstIndex(where: { !isGood($0) }) {
                return (start + wrong, values[wrong])
            }
        }
        return nil
    }
}
