// What Linux says about cores: where a process may run, which logical cores are one physical core; and keeping a thread
// on its cores.

import CKernels
import Foundation

/// Sets of logical cores, as the kernel numbers and prints them.
package enum CoreSet {
    /// Where this process may run, and what its launcher (its parent) has.
    package static func ownPlace(host: String) -> RankPlace {
        let own = allowed(process: "self") ?? Set(0..<availableCores())
        let launcher = allowed(process: "\(getppid())") ?? own
        return RankPlace(
            host: host, cores: physical(own), launcherCoreCount: physical(launcher.union(own)).count)
    }

    /// Restricts the calling thread to these logical cores.
    ///
    /// - Returns: where it could run before, for `restore`; nil where nothing was changed.
    package static func restrictThread(to cores: [Int]) -> Mask? {
        var (before, wanted) = (Mask(), Mask())
        guard lk_get_affinity(&before.words) == 0 else { return nil }
        for core in cores where core < 64 * wanted.words.count { wanted.words[core / 64] |= 1 << (core % 64) }
        return lk_set_affinity(wanted.words) == 0 ? before : nil
    }

    /// Where the calling thread may run.
    package static func threadCores() -> [Int] {
        var mask = Mask()
        guard lk_get_affinity(&mask.words) == 0 else { return [] }
        return (0..<64 * mask.words.count).filter { mask.words[$0 / 64] >> ($0 % 64) & 1 == 1 }
    }

    /// Lets the calling thread run where it could before.
    package static func restore(_ mask: Mask?) {
        if let mask { _ = lk_set_affinity(mask.words) }
    }

    /// A bit for each logical core.
    package struct Mask: Sendable {
        fileprivate var words = [UInt64](repeating: 0, count: 16)
    }

    /// `0-2,5` for 0, 1, 2 and 5.
    package static func text(_ cores: Set<Int>) -> String {
        var ranges: [ClosedRange<Int>] = []
        for core in cores.sorted() {
            if let last = ranges.last, last.upperBound + 1 == core {
                ranges[ranges.count - 1] = last.lowerBound...core
            } else {
                ranges.append(core...core)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }

    /// The inverse of `text`; nil for anything else.
    package static func parse(_ text: some StringProtocol) -> Set<Int>? {
        var result: Set<Int> = []
        for part in text.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0.trimmingCharacters(in: .whitespaces)) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
                return nil
            }
            result.formUnion(first...last)
        }
        return result.isEmpty ? nil : result
    }

    /// The lowest of the logical cores that share a physical one with `core`; itself where the system does not tell.
    package static func physicalCore(of core: Int) -> Int {
        let file = "/sys/devices/system/cpu/cpu\(core)/topology/thread_siblings_list"
        let siblings = try? String(contentsOfFile: file, encoding: .utf8)
        return siblings.flatMap { parse($0.trimmingCharacters(in: .whitespacesAndNewlines))?.min() } ?? core
    }

    /// The given logical cores, by the physical core that they belong to.
    private static func physical(_ cores: Set<Int>) -> [[Int]] {
        let grouped = Dictionary(grouping: cores, by: physicalCore)
        return grouped.sorted { $0.key < $1.key }.map { $0.value.sorted() }
    }

    /// Where the kernel lets a process run; nil where it does not say.
    ///
    /// - Parameter process: a process id, or `self`.
    package static func allowed(process: String) -> Set<Int>? {
        let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
        let line = status?.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return line.flatMap { parse($0.dropFirst("Cpus_allowed_list:".count).filter { !$0.isWhitespace }) }
    }
}
