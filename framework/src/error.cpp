// Key functions and messages of the exceptions.
#include <hebbforge/error.hpp>
#include <utility>

namespace hebbforge {
namespace {
std::string located(const std::string& file, unsigned line, unsigned column, const std::string& text) {
  return file + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text;
}
}  // namespace

Error::Error(const std::string& text) : std::runtime_error(text) {}
Error::~Error() = default;

ConfigError::ConfigError(const std::string& text) : Error(text) {}
ConfigError::ConfigError(std::string file, unsigned line, unsigned column, const std::string& text)
    : Error(located(file, line, column, text)), file_(std::move(file)), line_(line), column_(column) {}
ConfigError::~ConfigError() = default;

TextError::TextError(std::string key, std::size_t offset, std::size_t length, const std::string& text)
    : Error(text), key_(std::move(key)), offset_(offset), length_(length) {}
TextError::~TextError() = default;

PluginError::PluginError(std::string library, std::string plugin, const std::string& text)
    : Error(text), library_(std::move(library)), plugin_(std::move(plugin)) {}
PluginError::~PluginError() = default;

SimulationError::SimulationError(const std::string& text) : Error(text) {}
SimulationError::~SimulationError() = default;

Interrupted::Interrupted() : Error("interrupted; nothing was written") {}
Interrupted::~Interrupted() = default;

InternalError::InternalError(const std::string& text)
    : Error("internal error: " + text + "; this is a bug, please report it") {}
InternalError::~InternalError() = default;

}  // namespace hebbforge
