// The exceptions of the framework.
#pragma once

#include <cstddef>
#include <hebbforge/export.hpp>
#include <stdexcept>
#include <string>

namespace hebbforge {

/// Root of all errors. what() is a sentence for the user.
class HEBBFORGE_API Error : public std::runtime_error {
 public:
  explicit Error(const std::string& text);
  ~Error() override;
};

/// A mistake in a user's file or on the command line. what() starts with `file:line:col: ` when the place
/// is known; several mistakes are one per line.
class HEBBFORGE_API ConfigError : public Error {
 public:
  explicit ConfigError(const std::string& text);
  ConfigError(std::string file, unsigned line, unsigned column, const std::string& text);
  ~ConfigError() override;
  const std::string& file() const noexcept { return file_; }
  unsigned line() const noexcept { return line_; }      ///< from 1; 0: unknown
  unsigned column() const noexcept { return column_; }  ///< from 1; 0: unknown

 private:
  std::string file_;
  unsigned line_ = 0, column_ = 0;
};

/// A mistake inside a text that a plugin was given, such as an equation. The host says where it stands in the
/// user's file and points at it.
class HEBBFORGE_API TextError : public Error {
 public:
  /// \param key     of the plugin's table: "dw/dt"
  /// \param offset  into its text, bytes from 0
  /// \param length  bytes; 0: a place between characters
  TextError(std::string key, std::size_t offset, std::size_t length, const std::string& text);
  ~TextError() override;
  const std::string& key() const noexcept { return key_; }
  std::size_t offset() const noexcept { return offset_; }
  std::size_t length() const noexcept { return length_; }

 private:
  std::string key_;
  std::size_t offset_, length_;
};

/// A library that is no plugin of ours, or a plugin that broke its promises.
class HEBBFORGE_API PluginError : public Error {
 public:
  PluginError(std::string library, std::string plugin, const std::string& text);
  ~PluginError() override;
  const std::string& library() const noexcept { return library_; }  ///< path; may be empty
  const std::string& plugin() const noexcept { return plugin_; }    ///< full name; may be empty

 private:
  std::string library_, plugin_;
};

/// A run that cannot go on: a file that cannot be written, an interrupted search.
class HEBBFORGE_API SimulationError : public Error {
 public:
  explicit SimulationError(const std::string& text);
  ~SimulationError() override;
};

/// The user asked to stop, and nothing is left half done.
class HEBBFORGE_API Interrupted : public Error {
 public:
  Interrupted();
  ~Interrupted() override;
};

/// Our own mistake: please report it.
class HEBBFORGE_API InternalError : public Error {
 public:
  explicit InternalError(const std::string& text);
  ~InternalError() override;
};

}  // namespace hebbforge
