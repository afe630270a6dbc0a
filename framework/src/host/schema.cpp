#include <hebbforge/host/schema.hpp>

namespace hebbforge {

Config default_config(const abi::Descriptor& descriptor) {
  Config config;
  for (const abi::Parameter& p : descriptor.parameters) {
    if (p.required) continue;
    switch (p.type) {
      case abi::ParameterType::real:
        config.set(p.name, p.default_value);
        break;
      case abi::ParameterType::integer:
        config.set(p.name, static_cast<std::int64_t>(p.default_value));
        break;
      case abi::ParameterType::boolean:
        config.set(p.name, p.default_value != 0);
        break;
      case abi::ParameterType::text:
      case abi::ParameterType::path:
        config.set(p.name, std::string(p.default_texts.size > 0 ? p.default_texts.data[0] : ""));
        break;
      case abi::ParameterType::real_list:
        config.set(p.name, std::vector<double>(p.default_numbers.begin(), p.default_numbers.end()));
        break;
      case abi::ParameterType::integer_list:
        config.set(p.name, std::vector<std::int64_t>(p.default_numbers.begin(), p.default_numbers.end()));
        break;
      case abi::ParameterType::text_list:
        config.set(p.name, std::vector<std::string>(p.default_texts.begin(), p.default_texts.end()));
        break;
    }
  }
  return config;
}

}  // namespace hebbforge
