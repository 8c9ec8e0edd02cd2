// The seam for logs: whoever wants a run's rows, on rank 0. The run's own metrics files are one, a user adds others with
// `FitOptions.sinks` (Examples/OwnSink).

import Foundation

/// What a sink is told when a run begins.
public struct RunDescription: Sendable {
    /// The columns of all rows, in their order; `MetricsRow.text` has what stands in one.
    public let columns: [String]
    /// Ranks, shards, parameters and data in one line.
    public let headline: String
    /// The run's folder, nil where it keeps none.
    public let folder: String?
    /// Rows of later steps that the sink has from an earlier process come again: the run goes on from this step, 0 where it
    /// is new.
    public let firstStep: Int
}

/// Takes the metrics of a run, on rank 0 alone. What it throws ends no run: it is told once as a warning, and the sink is
/// left out from there on.
public protocol MetricsSink: AnyObject, Sendable {
    /// Before the first step.
    func runBegins(_ run: RunDescription) throws
    /// After every epoch, and every so many steps where the run says so.
    func write(_ row: MetricsRow) throws
    /// After the last row.
    func runEnds() throws
}

extension MetricsSink {
    public func runBegins(_ run: RunDescription) throws {}
    public func runEnds() throws {}
}

/// The sinks of a run, each until it fails.
final class MetricsSinks {
    private var sinks: [any MetricsSink]
    private let warn: (String) -> Void

    init(_ sinks: [any MetricsSink], warn: @escaping (String) -> Void) { (self.sinks, self.warn) = (sinks, warn) }

    func tell(_ body: (any MetricsSink) throws -> Void) {
        sinks.removeAll { sink in
            do { try body(sink) } catch {
                warn("\(type(of: sink)) is left out from here on: \(error)")
                return true
            }
            return false
        }
    }
}
