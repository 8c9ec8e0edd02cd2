// Parts of a data set, and the same samples with other weights.

import Autograd

/// Some samples of another set, in an order of their own: the parts of a split.
public struct Subset: Dataset {
    package let base: any Dataset
    /// Their numbers in `base`.
    package let numbers: SampleNumbers

    /// - Throws: `DatasetError` for a number that no sample of `base` has.
    public init(_ base: any Dataset, _ numbers: [Int]) throws(DatasetError) {
        try base.check(numbers[...])
        (self.base, self.numbers) = (base, SampleNumbers(numbers))
    }

    public var name: String { base.name }
    public var count: Int { numbers.count }
    public var input: Field { base.input }
    public var target: Field { base.target }
    public var isWeighted: Bool { base.isWeighted }
    public func weight(of sample: Int) -> Float { base.weight(of: numbers[sample]) }
    public func classNumber(of sample: Int) -> Int? { base.classNumber(of: numbers[sample]) }
    public func length(of sample: Int) -> Int? { base.length(of: numbers[sample]) }
    public func prefetch(_ wanted: ArraySlice<Int>) { base.prefetch(wanted.map { numbers[$0] }[...]) }

    public func read(
        _ wanted: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        base.read(wanted.map { numbers[$0] }[...], inputs: inputs, targets: targets)
    }
}

/// Some numbers in an order of their own, in no more memory than they need.
package enum SampleNumbers: RandomAccessCollection, Sendable {
    /// One after the other.
    case range(Range<Int>)
    /// Each below 2^32.
    case small([UInt32])
    case any([Int])

    package init(_ numbers: [Int]) {
        let first = numbers.first ?? 0
        self =
            numbers.indices.allSatisfy { numbers[$0] == first + $0 }
            ? .range(first..<first + numbers.count)
            : numbers.allSatisfy { $0 <= UInt32.max } ? .small(numbers.map { UInt32($0) }) : .any(numbers)
    }

    package var startIndex: Int { 0 }
    package var endIndex: Int {
        switch self {
        case .range(let range): range.count
        case .small(let numbers): numbers.count
        case .any(let numbers): numbers.count
        }
    }

    package subscript(place: Int) -> Int {
        switch self {
        case .range(let range): range.lowerBound + place
        case .small(let numbers): Int(numbers[place])
        case .any(let numbers): numbers[place]
        }
    }
}

/// The samples of another set, each weighted by its class too.
public struct ClassWeighted: Dataset {
    package let base: any Dataset
    /// One for each class.
    package let classWeights: [Float]

    /// - Parameter classWeights: finite and at least 0, one for each class of the targets. Keras's `class_weight`.
    /// - Throws: `DatasetError` where targets are no classes, or for another number of weights.
    public init(_ base: any Dataset, _ classWeights: [Float]) throws(DatasetError) {
        guard let count = base.target.classCount, base.count == 0 || base.classNumber(of: 0) != nil else {
            throw DatasetError(
                "\(base.name) has targets that are no classes, one for each sample, so that there is nothing to weight by "
                    + "class")
        }
        guard classWeights.count == count, classWeights.allSatisfy({ $0 >= 0 && $0.isFinite }) else {
            throw DatasetError(
                "class weights \(classWeights): expected \(count) finite numbers, at least 0, one for each class of "
                    + base.name)
        }
        (self.base, self.classWeights) = (base, classWeights)
    }

    /// Weights that make every class count alike: samples / (classes * samples of the class), as scikit-learn's `balanced`;
    /// 0 for a class without samples.
    ///
    /// - Throws: `DatasetError` where targets are no classes.
    public static func balanced(_ base: any Dataset) throws(DatasetError) -> ClassWeighted {
        var counts = [Int](repeating: 0, count: base.target.classCount ?? 0)
        for sample in 0..<base.count { if let number = base.classNumber(of: sample) { counts[number] += 1 } }
        let classes = counts.count { $0 > 0 }
        return try ClassWeighted(
            base, counts.map { $0 == 0 ? 0 : Float(Double(base.count) / (Double(classes) * Double($0))) })
    }

    public var name: String { base.name }
    public var count: Int { base.count }
    public var input: Field { base.input }
    public var target: Field { base.target }
    public var isWeighted: Bool { true }
    public func classNumber(of sample: Int) -> Int? { base.classNumber(of: sample) }
    public func length(of sample: Int) -> Int? { base.length(of: sample) }
    public func prefetch(_ numbers: ArraySlice<Int>) { base.prefetch(numbers) }

    public func weight(of sample: Int) -> Float {
        base.weight(of: sample) * (base.classNumber(of: sample).map { classWeights[$0] } ?? 1)
    }

    public func read(
        _ numbers: ArraySlice<Int>, inputs: UnsafeMutableBufferPointer<Float>,
        targets: UnsafeMutableBufferPointer<Float>
    ) {
        base.read(numbers, inputs: inputs, targets: targets)
    }

    public var fingerprint: Fingerprint {
        Array("\(base.fingerprint)\(classWeights)".utf8).withUnsafeBytes(Fingerprint.init(of:))
    }
}
