#include <hebbforge/host/schema.hpp>

namespace hebbforge {

Config::Value default_value(const abi::Parameter& p) {
  using T = abi::ParameterType;
  const std::vector<std::string> texts{p.default_texts.begin(), p.default_texts.end()};
  switch (p.type) {
    case T::real:
      return p.default_value;
    case T::integer:
      return static_cast<std::int64_t>(p.default_value);
    case T::boolean:
      return p.default_value != 0;
    case T::text:
    case T::path:
      return texts.empty() ? std::string() : texts.front();
    case T::real_list:
      return std::vector<double>(p.default_numbers.begin(), p.default_numbers.end());
    case T::integer_list: {
      std::vector<std::int64_t> list;
      for (const double v : p.default_numbers) list.push_back(static_cast<std::int64_t>(v));
      return list;
    }
    case T::text_list:
      return texts;
  }
  return {};
}

Config default_config(const abi::Descriptor& descriptor) {
  Config config;
  for (const abi::Parameter& p : descriptor.parameters) {
    if (!p.required) config.set(p.name, default_value(p));
  }
  return config;
}

}  // namespace hebbforge
