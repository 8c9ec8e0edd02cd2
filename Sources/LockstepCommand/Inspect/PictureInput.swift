// A picture file as input of a network for MNIST-like digits; `lockstep predict` reads it.

import Lockstep

/// A grey sheet as the data sets that `lockstep` knows have it: light ink on black.
struct PictureInput {
    /// `[28, 28, 1]`, 0 = black.
    let pixels: [UInt8]
    /// What may be meant otherwise, for standard error.
    let warnings: [String]

    static let side = 28
    /// The least difference between ink and sheet: what is paler is taken for an empty sheet.
    private static let leastContrast = 32

    /// - Parameter inverts: whether the picture has dark ink on a light sheet. What is transparent is taken for the sheet in
    ///   either case.
    /// - Throws: `DatasetError` where the file can't be read, `TrainingError` for an empty sheet.
    init(path: String, inverts: Bool) throws {
        let picture = try Picture(path: path, expected: (Self.side, Self.side))
        let grey = picture.grey(over: inverts ? 255 : 0)
        guard grey.contrast >= Self.leastContrast else {
            throw TrainingError(
                "\(path) is an empty sheet: its pixels are from \(grey.min() ?? 0) to \(grey.max() ?? 0) of 255"
                    + (picture.channels % 2 != 0
                        ? ""
                        : inverts
                            ? " over white; if it is light ink on a transparent sheet, leave --invert out"
                            : " over black; if it is dark ink on a transparent sheet, try --invert"))
        }
        pixels = inverts ? grey.map { 255 - $0 } : grey
        var warnings: [String] = []
        if picture.isUnscaled {
            warnings.append("\(path) has 16 bits a sample, but none above 255: taken for samples of 8 bits")
        }
        if pixels.border(height: Self.side, width: Self.side) > 127 {
            warnings.append(
                inverts
                    ? "\(path) has a dark border before it is inverted; without --invert it may fit the training data"
                    : "\(path) has a light border, but the training data are light on black; --invert turns it round")
        }
        self.warnings = warnings
    }
}
