// `~` in paths, as shells read it. That HOME counts is proven with processes, in CommandTests.

import Foundation
import Streams
import Testing

@Suite struct HomeFolderTests {
    @Test(arguments: [
        ("~root", "/root"), ("~root/a b/", "/root/a b/"), ("./~/x", "./~/x"), ("x/~", "x/~"), ("", ""), ("/~", "/~"),
        // Nobody's: a file here, also for Foundation, which would look for a user by itself.
        ("~no-such-user/x", "./~no-such-user/x"), ("~~", "./~~"), ("~*", "./~*"),
    ])
    func usersHaveHomes(path: String, expected: String) { #expect(expandingHome(path) == expected) }

    @Test func ownHome() {
        let home = ProcessInfo.processInfo.environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? NSHomeDirectory()
        #expect(expandingHome("~") == home)
        #expect(expandingHome("~/x/y") == home + "/x/y")
    }
}
