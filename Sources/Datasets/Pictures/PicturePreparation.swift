// What pictures become before a model sees them, and what its answers are called. Travels in checkpoints, so that evaluate
// and predict treat any picture as training did.

/// The size, channels and normalisation of a run's pictures, and their classes.
package struct PicturePreparation: Preparation, Hashable {
    package static let kind = "pictures"

    /// How pictures of another size are brought to this one.
    package enum Resize: String, Sendable, Hashable, Codable {
        /// Pillow's `resize` of that name, which stretches where the shape is another.
        case bilinear
    }

    package let height: Int
    package let width: Int
    /// 1 or 3.
    package let channels: Int
    package let resize: Resize
    /// By number.
    package let classNames: [String]
    /// nil for `byte / 255`.
    package let normalization: ChannelNormalization?
    package let notes: [String]

    package init(
        _ form: PictureForm, classNames: [String], normalization: ChannelNormalization? = nil, notes: [String] = []
    ) {
        (height, width, channels) = (form.height, form.width, form.channels)
        (self.classNames, self.normalization, self.notes) = (classNames, normalization, notes)
        resize = .bilinear
    }

    package var form: PictureForm { PictureForm(height: height, width: width, channels: channels) }

    package func check(_ source: String) throws(DatasetError) {
        let fits = normalization.map { $0.fits(channels: channels) } ?? true
        guard form.isPossible, fits, !classNames.isEmpty else {
            throw DatasetError("\(source) holds a damaged preparation of pictures; take another checkpoint", .damaged)
        }
    }
}

/// What every picture of a data set is brought to.
package struct PictureForm: Sendable, Hashable, Codable {
    package var height: Int
    package var width: Int
    /// 1 grey, 3 RGB.
    package var channels: Int

    /// The most pixels of a sample: what is beyond would not fit a batch.
    package static let mostPixels = 1 << 22

    package init(height: Int, width: Int, channels: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
    }

    /// The bytes of a sample.
    package var byteCount: Int { height * width * channels }

    package var isPossible: Bool {
        height > 0 && width > 0 && height <= PictureForm.mostPixels && width <= PictureForm.mostPixels
            && height * width <= PictureForm.mostPixels && (channels == 1 || channels == 3)
    }

    /// A picture file's bytes in this form, `[height, width, channels]`.
    ///
    /// - Throws: `DatasetError` naming a file that can't be read, or is no whole picture.
    package func bytes(of path: String) throws(DatasetError) -> [UInt8] {
        try Picture(path: path).converted(channels: channels).resized(height: height, width: width).pixels
    }
}
