// CIFAR's binary files as data of a run: `--data cifar10[:DIR]`, `cifar100[:DIR]`.

import Lockstep

extension DataSource {
    /// Which of the two, and where; nil for other data.
    fileprivate var cifar: (variant: CIFAR, directory: String)? {
        switch self {
        case .cifar10(let directory): (.ten, directory)
        case .cifar100(let directory): (.hundred, directory)
        default: nil
        }
    }
}

extension ResolvedSettings {
    func loadCIFAR(_ source: DataSource, _ known: PicturePreparation?) throws -> LoadedData {
        guard let (variant, directory) = source.cifar else { throw TrainingError("\(source) is not CIFAR") }
        if let testData = self.data.testData {
            throw error(\.data.testData, "is for data without a test part of their own, got '\(testData)'")
        }
        let form = PictureForm(height: 32, width: 32, channels: 3)
        try check(form, source)
        let (train, test) = try variant.load(directory: directory)
        let names = try classNames(train, source, known)
        return try prepared([.train: train, .test: test], form, known, classNames: names, notes: [])
    }

    func cifarTest(_ source: DataSource, _ known: PicturePreparation) throws -> (any Dataset)? {
        guard let (variant, directory) = source.cifar else { return nil }
        var test = try variant.load(.test, directory: directory)
        _ = try classNames(test, source, known)
        test.normalization = known.normalization
        return test
    }

    private func check(_ form: PictureForm, _ source: DataSource) throws {
        if let size = self.pictures.imageSize, size != PictureSize(height: form.height, width: form.width) {
            throw error(\.pictures.imageSize, "is for folders of pictures; \(source) has 32x32")
        }
        if let channels = self.pictures.channels, channels != form.channels {
            throw error(\.pictures.channels, "is for folders of pictures; \(source) has \(form.channels)")
        }
    }

    /// The set's, which a run that is looked at again must have.
    private func classNames(
        _ set: ImageDataset, _ source: DataSource, _ known: PicturePreparation?
    ) throws -> [String] {
        let names = set.classNames.isEmpty ? (0..<set.classCount).map { "\($0)" } : set.classNames
        if let known, known.form != PictureForm(height: 32, width: 32, channels: 3) || known.classNames != names {
            throw TrainingError(
                "\(source) has 32 x 32 x 3 pixels and other classes than the run's \(known.classNames.count) of "
                    + "\(known.height) x \(known.width) x \(known.channels)")
        }
        return names
    }
}
