// Cutting a dataset into smaller ones, in order, for the command's validation split and sample limits.

extension ImageDataset {
    /// Splits off the last samples for validation, as Keras's `validation_split` does: n samples are cut at
    /// floor(n (1 - fraction)), before any shuffling.
    ///
    /// - Throws: `DatasetError` when the fraction is outside (0, 1) or leaves a part without samples.
    public func split(validationFraction fraction: Double) throws(DatasetError) -> (
        train: ImageDataset, validation: ImageDataset
    ) {
        guard fraction > 0 && fraction < 1 else {
            throw DatasetError("validation fraction \(fraction) of \(name) is out of range: expected 0 < fraction < 1")
        }
        let cut = Int(Double(count) * (1 - fraction))
        guard cut > 0 && cut < count else {
            throw DatasetError(
                "validation fraction \(fraction) of the \(count) samples of \(name) leaves \(cut) for training and "
                    + "\(count - cut) for validation; expected at least one each")
        }
        return (part(0..<cut), part(cut..<count))
    }

    /// The first `count` samples.
    ///
    /// - Throws: `DatasetError` when `count` is not positive or more than there are.
    public func prefix(_ count: Int) throws(DatasetError) -> ImageDataset {
        guard count > 0 && count <= self.count else {
            throw DatasetError("cannot take the first \(count) samples of \(name): expected 1 ... \(self.count)")
        }
        return part(0..<count)
    }

    /// The samples of a range.
    package func part(_ range: Range<Int>) -> ImageDataset {
        let length = sampleShape.count
        var part = ImageDataset(
            fitting: samples.part(range.lowerBound * length..<range.upperBound * length), to: Array(labels[range]),
            name: name, sampleShape: sampleShape, classCount: classCount)
        (part.classNames, part.normalization) = (classNames, normalization)
        return part
    }
}

extension ImageDataset {
    /// Whether samples lie class by class, so that the last of them say little of the others.
    package var isSortedByClass: Bool { zip(labels, labels.dropFirst()).allSatisfy { $0 <= $1 } }
}
