// The string that two equal runs share.

import CHash

/// A 128-bit XXH3 hash, written as 32 hexadecimal digits. Equal bytes give equal fingerprints on every machine.
/// It guards against accidents, not against forgery.
public struct Fingerprint: Hashable, Sendable, Codable, CustomStringConvertible {
    package let high: UInt64
    package let low: UInt64

    public init(of bytes: UnsafeRawBufferPointer) {
        let hash = lockstep_hash128(bytes.baseAddress, bytes.count)
        (high, low) = (hash.high, hash.low)
    }

    /// - Returns: nil unless `text` is 32 hexadecimal digits.
    package init?(_ text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        (self.high, self.low) = (high, low)
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Fingerprint(try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected 32 hexadecimal digits")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public var description: String {
        [high, low].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
