// What `lockstep inspect` says of the files of a folder of pictures.

/// The files of one part.
package struct PictureSummary: Sendable, Codable {
    /// `train`, `validation` or `test`.
    package var name: String
    package var fileCount: Int
    /// In words.
    package var sizes: String
    package var sizeCount: Int
    /// `[height, width]`, by the number of pixels; nil where no file could be read.
    package var smallest: [Int]?
    package var largest: [Int]?
    package var commonest: [Int]?
    package var formats: [String: Int]
    package var colours: [String: Int]
    package var damagedCount: Int
    /// What is wrong with the first of them.
    package var damaged: [String]

    private static let mostNamed = 10

    package init(_ part: ImageFolder.Part, _ survey: PictureSurvey, damaged: [PictureDecoder.Damage]) {
        name = part.name.rawValue
        fileCount = part.files.count
        (sizes, sizeCount) = (survey.sizeWords, survey.sizes.count)
        smallest = survey.smallest.map { [$0.height, $0.width] }
        largest = survey.largest.map { [$0.height, $0.width] }
        commonest = survey.sizes.first.map { [$0.height, $0.width] }
        (formats, colours) = (survey.formats, survey.colours)
        damagedCount = damaged.count
        self.damaged = damaged.prefix(PictureSummary.mostNamed).map(\.problem)
    }
}
