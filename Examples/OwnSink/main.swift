// A sink of one's own for a run's metrics: a table in Markdown, on standard output.

import Lockstep

/// Collects rows while the run goes on, and prints them when it ends. Only rank 0 has sinks, and its main thread calls
/// them, so that nothing here needs a lock.
final class MarkdownTable: MetricsSink, @unchecked Sendable {
    /// What changes from run to run of the same bits is no part of it.
    private static func isTold(_ column: String) -> Bool {
        !column.hasSuffix("seconds") && column != "samples_per_second"
    }

    private var columns: [String] = []
    private var lines: [String] = []

    func runBegins(_ run: RunDescription) {
        columns = run.columns.filter(MarkdownTable.isTold)
        lines = [line(columns), line(columns.map { _ in "---" })]
    }

    func write(_ row: MetricsRow) { lines.append(line(columns.map(row.text))) }

    func runEnds() { print(lines.joined(), terminator: "") }

    private func line(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |\n" }
}

withWorld { world in
    let (train, test) = SyntheticDigits.load()
    let model = Sequential([Flatten(), Dense(32, activation: .relu), Dense(10, activation: .softmax)])
        .compile(optimizer: .adam(), loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])
    var options = FitOptions()
    (options.epochs, options.batchSize, options.shards, options.verbosity) = (3, 50, 2, .silent)
    options.sinks = [MarkdownTable()]
    try model.fit(train.prefix(500), validationData: test.prefix(200), options: options, on: world)
    if world.rank == 0, let fingerprint = model.fingerprint { print("fingerprint \(fingerprint)") }
}
