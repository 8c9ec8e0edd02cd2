// The configurations that come with the program, by the names that `--config` takes: recipes whose accuracy was
// measured (docs/recipes.md). Their files lie in Configurations/ and are part of the binary.

/// A built-in configuration; the raw value is its name on the command line.
enum NamedConfiguration: String, CaseIterable {
    case mnistFast = "mnist-fast"
    case mnist99 = "mnist-99"
    case mnist994 = "mnist-994"
    case fashionMNIST = "fashion-mnist"
    case adult
    case californiaHousing = "california-housing"
    case penguins
    case gptShakespeare = "gpt-shakespeare"
    case shakespeare
    case smsSpam = "sms-spam"
    case names
    case cifar10ResNet20 = "cifar10-resnet20"
    case cifarFast = "cifar-fast"
    case signLanguage = "sign-language"
    case cifar10CNN = "cifar10-cnn"
    case airlinePassengers = "airline-passengers"
    case temperatures
    case namesLSTM = "names-lstm"
    case shakespeareLSTM = "shakespeare-lstm"
    case smsTransformer = "sms-transformer"
    case adultResNet = "adult-resnet"
    case californiaResNet = "california-resnet"
    case autoencoder
    case temperaturesConv = "temperatures-conv"

    /// The text of its file.
    var text: String {
        switch self {
        case .mnistFast: String(decoding: PackageResources.mnist_fast_yaml, as: UTF8.self)
        case .mnist99: String(decoding: PackageResources.mnist_99_yaml, as: UTF8.self)
        case .mnist994: String(decoding: PackageResources.mnist_994_yaml, as: UTF8.self)
        case .fashionMNIST: String(decoding: PackageResources.fashion_mnist_yaml, as: UTF8.self)
        case .adult: String(decoding: PackageResources.adult_yaml, as: UTF8.self)
        case .californiaHousing: String(decoding: PackageResources.california_housing_yaml, as: UTF8.self)
        case .penguins: String(decoding: PackageResources.penguins_yaml, as: UTF8.self)
        case .gptShakespeare: String(decoding: PackageResources.gpt_shakespeare_yaml, as: UTF8.self)
        case .shakespeare: String(decoding: PackageResources.shakespeare_yaml, as: UTF8.self)
        case .smsSpam: String(decoding: PackageResources.sms_spam_yaml, as: UTF8.self)
        case .names: String(decoding: PackageResources.names_yaml, as: UTF8.self)
        case .cifar10ResNet20: String(decoding: PackageResources.cifar10_resnet20_yaml, as: UTF8.self)
        case .cifarFast: String(decoding: PackageResources.cifar_fast_yaml, as: UTF8.self)
        case .signLanguage: String(decoding: PackageResources.sign_language_yaml, as: UTF8.self)
        case .cifar10CNN: String(decoding: PackageResources.cifar10_cnn_yaml, as: UTF8.self)
        case .airlinePassengers: String(decoding: PackageResources.airline_passengers_yaml, as: UTF8.self)
        case .temperatures: String(decoding: PackageResources.temperatures_yaml, as: UTF8.self)
        case .namesLSTM: String(decoding: PackageResources.names_lstm_yaml, as: UTF8.self)
        case .shakespeareLSTM: String(decoding: PackageResources.shakespeare_lstm_yaml, as: UTF8.self)
        case .smsTransformer: String(decoding: PackageResources.sms_transformer_yaml, as: UTF8.self)
        case .adultResNet: String(decoding: PackageResources.adult_resnet_yaml, as: UTF8.self)
        case .californiaResNet: String(decoding: PackageResources.california_resnet_yaml, as: UTF8.self)
        case .autoencoder: String(decoding: PackageResources.autoencoder_yaml, as: UTF8.self)
        case .temperaturesConv: String(decoding: PackageResources.temperatures_conv_yaml, as: UTF8.self)
        }
    }

    static var list: String { allCases.map(\.rawValue).joined(separator: ", ") }
}
