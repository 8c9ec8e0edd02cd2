// state.json to and from bytes. Its first key is a checksum over all the rest, so that any flipped bit is noticed,
// also in a number. Checkpoint is the caller.

import Autograd
import Foundation

extension CheckpointState {
    private static let opening = "{\n  \"checksum\" : \""
    private static let digits = 32

    /// The bytes of state.json: indented, keys sorted, non-finite numbers as the strings `inf`, `-inf` and `nan`.
    package func json() throws(CheckpointError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let body: Data
        do {
            body = try encoder.encode(self)
        } catch {
            throw CheckpointError("the training state cannot be written as JSON (\(error))")
        }
        return CheckpointState.sealed(Data("\",".utf8) + body.dropFirst() + Data("\n".utf8))
    }

    /// The file with the checksum of what follows it.
    package static func sealed(_ rest: Data) -> Data { Data(opening.utf8) + Data(checksum(rest).utf8) + rest }

    /// Reads state.json.
    ///
    /// - Parameter file: the path, for messages.
    /// - Throws: `CheckpointError` for a damaged file and for one of another format version.
    package init(json bytes: Data, file: String) throws(CheckpointError) {
        // There are none in what `json` makes; some systems put them before every line end of a text.
        let end = UInt8(ascii: "\r")
        let data = bytes.contains(end) ? Data(bytes.filter { $0 != end }) : bytes
        let opening = Data(CheckpointState.opening.utf8)
        guard data.starts(with: opening) else {
            throw CheckpointError(
                "\(file) is damaged or no state of a checkpoint: it does not begin with a checksum", .damaged)
        }
        let found = data.dropFirst(opening.count).prefix(CheckpointState.digits)
        let rest = data.dropFirst(opening.count + CheckpointState.digits)
        guard Data(found) == Data(CheckpointState.checksum(Data(rest)).utf8) else {
            throw CheckpointError("\(file) is damaged: its contents do not match its checksum", .damaged)
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            let version = try decoder.decode(Version.self, from: data).formatVersion
            guard (1...CheckpointState.currentFormatVersion).contains(version) else {
                throw CheckpointError(
                    "\(file) has format version \(version); this version of Lockstep reads 1 to "
                        + "\(CheckpointState.currentFormatVersion)")
            }
            self = try decoder.decode(CheckpointState.self, from: data)
            guard min(step, firstStep ?? 0, epoch, batchInEpoch, epochSamples, skippedSteps ?? 0) >= 0,
                min(shards, batchSize, sampleCount) > 0
            else {
                throw CheckpointError("\(file) is no state of a checkpoint: it counts less than nothing")
            }
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw CheckpointError("\(file) is no state of a checkpoint (\(error))")
        }
    }

    private struct Version: Decodable {
        let formatVersion: Int
    }

    /// Over the file with an empty checksum field.
    private static func checksum(_ rest: Data) -> String {
        (Data(opening.utf8) + rest).withUnsafeBytes { Fingerprint(of: $0).description }
    }
}
