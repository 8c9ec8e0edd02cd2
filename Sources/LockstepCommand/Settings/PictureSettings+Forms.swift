// The values of the settings for pictures, and how they are written.

import Lockstep
import Streams

/// Height and width in pixels.
struct PictureSize: Sendable, Equatable {
    let height: Int
    let width: Int
}

/// What --normalize asks for.
enum PictureNormalization: Sendable, Equatable {
    case none
    case computed
    case given(ChannelNormalization)
}

extension PictureSettings {
    /// What stands for no cache in the place of its folder.
    static let noCache = "none"
}

extension SettingForm where Value == PictureSize {
    /// `96x128`, or `96` for a square.
    static var pictureSize: SettingForm {
        SettingForm(
            "HxW", hint: "or one number for a square",
            read: { (word) throws(SettingProblem) in
                let sides = word.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
                guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
                    height > 0, width > 0, height <= PictureForm.mostPixels, width <= PictureForm.mostPixels,
                    height * width <= PictureForm.mostPixels
                else {
                    throw SettingProblem(
                        "must be HEIGHTxWIDTH, such as 96x128, of at most \(PictureForm.mostPixels) pixels, got '\(word)'")
                }
                return PictureSize(height: height, width: width)
            }, text: { "\($0.height)x\($0.width)" })
    }
}

extension SettingForm where Value == PictureNormalization {
    /// `none`, `computed`, or means, a slash and deviations.
    static var normalization: SettingForm {
        SettingForm(
            "means/deviations", hint: "none, computed, or as in 0.49,0.48,0.45/0.25,0.24,0.26",
            read: { (word) throws(SettingProblem) in
                switch word.lowercased() {
                case "none": return .none
                case "computed": return .computed
                default: break
                }
                let parts = word.split(separator: "/", omittingEmptySubsequences: false).map { part in
                    part.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) ?? .nan }
                }
                guard parts.count == 2, [1, 3].contains(parts[0].count), parts[0].count == parts[1].count,
                    parts[0].allSatisfy(\.isFinite), parts[1].allSatisfy({ $0 > 0 && $0.isFinite })
                else {
                    throw SettingProblem(
                        "must be none, computed, or a mean and a deviation above 0 for each channel, of pixels from 0 to 1, "
                            + "as in 0.49,0.48,0.45/0.25,0.24,0.26, got '\(word)'")
                }
                return .given(ChannelNormalization(means: parts[0], deviations: parts[1]))
            },
            text: { value in
                switch value {
                case .none: "none"
                case .computed: "computed"
                case .given(let given):
                    [given.means, given.deviations].map { $0.map { "\($0)" }.joined(separator: ",") }
                        .joined(separator: "/")
                }
            })
    }
}

extension SettingForm where Value == String {
    /// A folder, or none.
    static var cacheFolder: SettingForm {
        var form = SettingForm(
            "dir", read: { $0 == PictureSettings.noCache ? $0 : expandingHome($0) },
            text: { $0 == PictureSettings.noCache ? $0 : RunSettings.absolutePath($0) })
        (form.holdsPath, form.completion) = (true, .directory)
        return form
    }
}
