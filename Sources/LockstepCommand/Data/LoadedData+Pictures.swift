// Folders of pictures, CIFAR's files: `--data images:DIR`, `cifar10`, `cifar100`.

import Foundation
import Lockstep
import Streams

extension ResolvedSettings {
    /// - Parameter known: what was fitted before, by a run whose parts are asked for again; nil to fit it.
    func loadPictures(
        _ source: DataSource, _ known: (any Preparation)?, _ status: RankStatus
    ) throws -> LoadedData {
        guard self.tables.target.isEmpty else {
            throw error(\.tables.target, "names a column, but \(source) is no table: give one with --data csv:FILE")
        }
        guard case .images(let directory) = source else { return try loadCIFAR(source, known as? PicturePreparation) }
        return try loadFolder(directory, known as? PicturePreparation, pictureStore { status.mark() })
    }

    private func loadFolder(
        _ directory: String, _ known: PicturePreparation?, _ store: PictureStore
    ) throws -> LoadedData {
        let folder = try ImageFolder(directory, classNames: known?.classNames)
        guard folder[.train] != nil else {
            throw DatasetError(
                "\(directory) holds no training part; expected train/CLASS/PICTURE.png beside its test part")
        }
        let (form, formNotes) = try pictureForm(of: folder, known, store)
        var sets: [ImageFolder.PartName: ImageDataset] = [:]
        var notes = folder.notes
        for part in folder.parts {
            let (set, own) = try pictureSet(part, of: folder, form, store)
            sets[part.name] = set
            notes += own
        }
        if let testData = self.data.testData {
            guard case .images(let other) = try DataSource(testData) else {
                throw error(\.data.testData, "must be a folder of pictures too, as in images:DIR, got '\(testData)'")
            }
            guard folder[.test] == nil else {
                throw error(\.data.testData, "is for data without a test part of their own; \(directory) has one")
            }
            let (set, own) = try testPictures(other, folder.classNames, form, store)
            sets[.test] = set
            notes += own
        }
        let classes =
            "\(folder.classNames.count) classes in byte order of their folders: "
            + folder.classNames.prefix(20).joined(separator: ", ") + (folder.classNames.count > 20 ? " ..." : "")
        var loaded = try prepared(sets, form, known, classNames: folder.classNames, notes: [classes] + formNotes)
        loaded.notes = notes + loaded.notes
        return loaded
    }

    /// Divides the sets and normalises them by what is trained on.
    func prepared(
        _ sets: [ImageFolder.PartName: ImageDataset], _ form: PictureForm, _ known: PicturePreparation?,
        classNames: [String], notes: [String]
    ) throws -> LoadedData {
        guard var train = sets[.train] else { throw DatasetError("there is nothing to train on") }
        var (validation, test) = (sets[.validation], sets[.test])
        var notes = notes
        if validation != nil, self.data.validationSplit != nil || self.data.fold != nil {
            notes.append(
                "the validation part of \(train.name) is not used, since a part of the training data validates")
            validation = nil
        }
        let parts =
            try validation == nil || self.data.testSplit != nil
            ? division(of: train, hasOwn: test != nil) : Division(train: Array(0..<train.count), isWhole: true)
        let normalization = try known.map(\.normalization) ?? self.normalization(of: train, parts.train)
        train.normalization = normalization
        validation?.normalization = normalization
        test?.normalization = normalization
        var loaded: LoadedData
        if let validation {
            loaded = try cut(train, parts, own: validation)
            loaded.test = parts.test == nil ? test : loaded.validation
            (loaded.validation, loaded.validatesOnTest) = (validation, false)
        } else {
            loaded = try cut(train, parts, own: test)
        }
        let preparation =
            known ?? PicturePreparation(form, classNames: classNames, normalization: normalization, notes: notes)
        loaded.preparation = preparation
        loaded.notes = preparation.notes + loaded.notes
        return loaded
    }

    private func normalization(of set: ImageDataset, _ numbers: [Int]) throws -> ChannelNormalization? {
        let channels = set.sampleShape[-1]
        switch self.pictures.normalize {
        case .none: return nil
        case .computed: return ChannelNormalization(fittedOn: set, numbers)
        case .given(let given):
            let isOne = given.means.count == 1
            guard isOne || given.means.count == channels else {
                throw error(
                    \.pictures.normalize,
                    "has \(given.means.count) means, but pictures have \(channels) channel\(channels == 1 ? "" : "s")")
            }
            func each(_ values: [Double]) -> [Double] {
                isOne ? [Double](repeating: values[0], count: channels) : values
            }
            return ChannelNormalization(means: each(given.means), deviations: each(given.deviations))
        }
    }

    /// What pictures are brought to, and what there is to say of it.
    func pictureForm(
        of folder: ImageFolder, _ known: PicturePreparation?, _ store: PictureStore
    ) throws -> (form: PictureForm, notes: [String]) {
        if let known { return (known.form, []) }
        let size = self.pictures.imageSize.map { (height: $0.height, width: $0.width) }
        let (form, survey) = try store.form(of: folder, size: size, channels: self.pictures.channels)
        guard let survey else { return (form, []) }
        let keeps =
            survey.sizes.count == 1 && survey.sizes[0].height == form.height && survey.sizes[0].width == form.width
        if size != nil || keeps { return (form, []) }
        return (
            form,
            [
                "pictures have \(survey.sizeWords) (height x width); they are brought to \(form.height) x \(form.width), "
                    + "which --image-size HxW changes"
            ]
        )
    }

    /// The samples of one part, and what there is to say of them.
    func pictureSet(
        _ part: ImageFolder.Part, of folder: ImageFolder, _ form: PictureForm, _ store: PictureStore
    ) throws -> (set: ImageDataset, notes: [String]) {
        let (set, decoded) = try store.dataset(of: part, in: folder, form)
        var notes: [String] = []
        if !decoded.damaged.isEmpty {
            let count = decoded.damaged.count
            let problems = decoded.damaged.prefix(3).map(\.problem).joined(separator: "; ")
            notes.append(
                "\(count) damaged \(count == 1 ? "picture is" : "pictures are") left out: \(problems)"
                    + (count > 3 ? "; ..." : ""))
        }
        if let problem = decoded.cacheProblem {
            notes.append(
                "decoded pictures are kept in memory alone, for each rank: \(problem); --cache DIR names a folder")
        }
        return (set, notes)
    }

    /// Pictures to test a model on: the folder's test part, or all of a folder without parts.
    func testPictures(
        _ directory: String, _ classNames: [String], _ form: PictureForm, _ store: PictureStore
    ) throws -> (set: ImageDataset, notes: [String]) {
        let folder = try ImageFolder(directory, classNames: classNames)
        guard let part = folder.testPart else { throw DatasetError("\(directory) holds no pictures") }
        let (set, notes) = try pictureSet(part, of: folder, form, store)
        return (set, folder.notes + notes)
    }
}

extension ResolvedSettings {
    /// Pictures to evaluate a run on, prepared as its own.
    func testPictures(_ directory: String, _ preparation: PicturePreparation) throws -> any Dataset {
        var set = try testPictures(directory, preparation.classNames, preparation.form, pictureStore {}).set
        set.normalization = preparation.normalization
        return set
    }

    /// The test part that every epoch of a run was validated on, without the training part; nil where that was another.
    func ownTestPictures(of source: DataSource, _ preparation: PicturePreparation) throws -> (any Dataset)? {
        guard self.data.testData == nil else { return nil }
        guard case .images(let directory) = source else { return try cifarTest(source, preparation) }
        let folder = try ImageFolder(directory, classNames: preparation.classNames)
        guard folder[.validation] == nil, let test = folder[.test] else { return nil }
        var set = try pictureSet(test, of: folder, preparation.form, pictureStore {}).set
        set.normalization = preparation.normalization
        return set
    }
}

extension ResolvedSettings {
    /// What the files of each part are like.
    func pictureSummaries(of directory: String, _ preparation: PicturePreparation) throws -> [PictureSummary] {
        let folder = try ImageFolder(directory)
        let store = pictureStore {}
        return try folder.parts.map { part in
            let damaged = try store.pictures(of: part, in: folder, preparation.form)?.damaged ?? []
            return PictureSummary(part, store.survey(of: part, in: folder), damaged: damaged)
        }
    }
}
