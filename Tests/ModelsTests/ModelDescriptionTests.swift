// What --model takes and checkpoints store.

import Foundation
import Layers
import Models
import Testing

@Suite struct ModelDescriptionTests {
    private func message(_ nameOrPath: String) -> String {
        do {
            return "no error, but \(try ModelDescription(nameOrPath))"
        } catch {
            return error.description
        }
    }

    @Test func names() throws {
        let description = try ModelDescription("mnist-cnn")
        #expect(description == .named(.mnistCNN))
        #expect(try description.name == "mnist-cnn")
        #expect((try description.makeModel() as? Sequential)?.names.first == "conv2d")
    }

    @Test func unknownNames() {
        #expect(
            message("mnist-cn")
                == "mnist-cn: no model of this name; did you mean 'mnist-cnn'?\n"
                + "  known models: mnist-mlp, mnist-cnn, mnist-cnn-2, mnist-cnn-3, resnet9, resnet20, resnet32, resnet44, resnet56, "
                + "text-cnn, text-transformer, char-lstm, tabular-mlp, tabular-resnet, autoencoder, conv1d, "
                + "or a file such as ./cnn.yaml")
    }

    @Test func filesAreKeptAsText() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "tiny.yaml").path
        let text = "name: tiny\nlayers:\n  - flatten\n  - dense: {units: 2}\n"

        #expect(message(path) == "\(path): no such model file")
        try Data([0xff, 0xfe, 0x00]).write(to: URL(filePath: path))
        #expect(message(path).hasPrefix("\(path):1: this is UTF-16"))
        try "layers:\n  - flaten\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(message(path).hasPrefix("\(path):2: unknown layer 'flaten'; did you mean 'flatten'?"))

        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let description = try ModelDescription(path)
        #expect(description == .file(text: text))
        try FileManager.default.removeItem(atPath: path)
        #expect(try description.name == "tiny")
        #expect((try description.makeModel() as? Sequential)?.names == ["flatten", "dense"])
        let copy = try JSONDecoder().decode(ModelDescription.self, from: JSONEncoder().encode(description))
        #expect(copy == description)
    }
}
