// Pictures of any size, and folders of them, given to a model of pictures.

import Foundation
import Lockstep

extension PicturePreparation {
    /// A sample's shape.
    var inputShape: Shape { [height, width, channels] }
}

extension Prediction {
    /// Pictures that are decoded and answered together.
    private static let most = 256

    /// Answers for each picture, those of a folder in byte order of their paths: a line each, or with `output` a row of CSV
    /// with all probabilities.
    ///
    /// - Throws: `DatasetError` for a damaged picture, unless these are left out and told.
    func predict(
        _ paths: [String], _ preparation: PicturePreparation, _ model: Model, skipsDamaged: Bool, to output: String?
    ) throws {
        if try settings.training.loss.map({ try Loss.named($0).isRegression }) ?? false {
            throw TrainingError(
                "\(checkpoint.path) answers pictures with values, not with a class: predict writes none of these")
        }
        let files = try paths.flatMap(Prediction.pictures)
        let form = preparation.form
        let names = preparation.classNames
        let target = Field("class", shape: [], kind: .classes(names.count), classNames: names)
        let size = max(1, min(Prediction.most, (1 << 22) / form.byteCount))
        var text = CSVText.line(["path"] + header(target)) + "\n"
        var damagedCount = 0
        for start in stride(from: 0, to: files.count, by: size) {
            let part = Array(files[start..<min(files.count, start + size)])
            let (inputs, read) = try prepared(part, preparation, skipsDamaged: skipsDamaged)
            damagedCount += part.count - read.count
            guard let inputs else { continue }
            let outputs = try model.predictProbabilities(inputs)
            for (row, path) in read.enumerated() {
                if output == nil {
                    printLine(of: outputs, row, path, target)
                } else {
                    text += CSVText.line([path] + fields(outputs, row, target)) + "\n"
                }
            }
        }
        if damagedCount == files.count { throw DatasetError("none of \(files.count) pictures can be read", .damaged) }
        if let output { try write(Data(text.utf8), to: output) }
    }

    /// `[files, height, width, channels]`, and the paths of those that could be read; nil where none could.
    private func prepared(
        _ files: [PictureFile], _ preparation: PicturePreparation, skipsDamaged: Bool
    ) throws -> (inputs: Tensor?, paths: [String]) {
        let form = preparation.form
        var samples: [UInt8] = []
        var paths: [String] = []
        for file in files {
            do {
                samples += try form.bytes(of: file.path)
                paths.append(file.path)
            } catch {
                guard skipsDamaged else { throw error }
                World.commandAlone.logger.warning("\(error)")
            }
        }
        guard !paths.isEmpty else { return (nil, []) }
        var set = try ImageDataset(
            name: "pictures", sampleShape: preparation.inputShape, samples: samples,
            labels: [Int32](repeating: 0, count: paths.count), classCount: preparation.classNames.count)
        set.normalization = preparation.normalization
        return (try set[0..<paths.count].inputs, paths)
    }

    /// A file, or all pictures below a folder.
    private static func pictures(_ path: String) throws -> [PictureFile] {
        guard DurableFile.isFolder(path) else { return [PictureFile(path: path)] }
        let plain = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        let found = try PictureFiles(below: plain)
        if found.files.isEmpty { throw found.emptyError }
        return found.files
    }
}
