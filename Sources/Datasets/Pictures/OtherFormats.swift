// Pictures that are none for this program: known by their names' endings or first bytes, so that messages can call them what
// they are and say what to do. PictureFiles and PictureError ask.

enum OtherFormats {
    /// What names of such pictures end in, in small letters.
    static let endings: Set<String> = [
        "gif", "webp", "tif", "tiff", "heic", "heif", "avif", "svg", "jp2", "jxl", "ico", "tga", "psd", "eps", "pdf",
        "raw",
        "dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "exr", "hdr", "pam",
    ]

    /// What to do with them.
    static let advice = "convert such pictures to PNG or JPEG, as `mogrify -format png FILE...` of ImageMagick does"

    /// The name of a format, by what a file begins with.
    static func name(of bytes: [UInt8]) -> String? {
        func has(_ text: String, at place: Int = 0) -> Bool { bytes.dropFirst(place).starts(with: Array(text.utf8)) }
        if has("GIF8") { return "GIF" }
        if has("RIFF"), has("WEBP", at: 8) { return "WebP" }
        if has("II*\0") || has("MM\0*") || has("II+\0") || has("MM\0+") { return "TIFF" }
        if has("ftyp", at: 4) {
            let brand = String(decoding: bytes.dropFirst(8).prefix(4), as: UTF8.self)
            if ["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].contains(brand) { return "HEIC" }
            if ["avif", "avis"].contains(brand) { return "AVIF" }
            return brand == "crx " ? "raw camera" : nil
        }
        if has("\0\0\0\u{c}jP  ") { return "JPEG 2000" }
        if has("\0\0\0\u{c}JXL ") || bytes.starts(with: [0xff, 0x0a]) { return "JPEG XL" }
        if has("8BPS") { return "Photoshop" }
        if has("%PDF") { return "PDF" }
        if has("P7\n") { return "PAM" }
        if has("PF\n") || has("Pf\n") { return "PFM" }
        if bytes.starts(with: [0, 0, 1, 0]) { return "ICO" }
        let beginning = String(decoding: bytes.prefix(1024), as: UTF8.self)
        return beginning.contains("<svg") ? "SVG" : nil
    }
}
