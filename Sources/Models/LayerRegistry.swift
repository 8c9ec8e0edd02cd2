// Which layers a model file can name: Lockstep's, and those that a program adds.

import Layers

/// The names of layers in model files. A value: a program hands it to `ModelFile`.
///
///     let layers = LayerRegistry.standard.adding("gated-dense", keys: ["units"]) { options throws(ModelFileError) in
///         GatedDense(try options.integer("units"))
///     }
///     let network = try ModelFile(path: "model.yaml", layers: layers).model
public struct LayerRegistry: Sendable {
    let kinds: [LayerKind]

    /// The layers of Lockstep.
    public static let standard = LayerRegistry(kinds: LayerKind.all)

    /// With one more. The name and its keys are written in kebab case; a key that is not among `keys` is an error of the
    /// file.
    ///
    /// - Parameter make: makes the layer of its options.
    public func adding(
        _ name: String, keys: [String] = [],
        make: @escaping @Sendable (LayerOptions) throws(ModelFileError) -> any Layer
    ) -> LayerRegistry {
        let reserved = kinds.map(\.name) + ModelFileParser.containers
        precondition(!reserved.contains(name), "LayerRegistry: there is a layer '\(name)' already")
        let common = Set(keys).intersection(ModelFileParser.commonKeys)
        precondition(common.isEmpty, "LayerRegistry: any layer has the keys \(common.sorted()) already")
        return LayerRegistry(kinds: (kinds + [LayerKind(name, keys, make: make)]).sorted { $0.name < $1.name })
    }

    /// The kind of this name.
    func named(_ name: String) -> LayerKind? { kinds.first { $0.name == name } }
}
