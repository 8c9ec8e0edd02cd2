// `~` in paths. It lies this low since every layer above takes paths: Foundation expands some of them and libc none, so
// that one path could mean two places.

import Foundation

/// The path with a leading `~` or `~USER` replaced by that home folder, as a shell does: HOME's, else the account's.
///
/// A user who does not exist has no home: the path then names a file in the working folder, for Foundation too.
/// `./~` is such a file in any case.
package func expandingHome(_ path: String) -> String {
    guard path.hasPrefix("~") else { return path }
    let word = path.prefix { $0 != "/" }
    let home = word == "~" ? homeFolder(word) ?? NSHomeDirectory() : homeFolder(word)
    return home.map { $0 + path.dropFirst(word.count) } ?? "./" + path
}

/// What a shell makes of `~` or `~USER` alone: the C library knows HOME and the accounts.
private func homeFolder(_ word: Substring) -> String? {
    var found = glob_t()
    defer { globfree(&found) }
    let result = glob(String(word), GLOB_TILDE | GLOB_NOCHECK, nil, &found)
    guard result == 0, found.gl_pathc == 1, let first = found.gl_pathv[0] else { return nil }
    let path = String(cString: first)
    return path.isEmpty || path.hasPrefix("~") ? nil : path
}
