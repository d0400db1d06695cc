#include "wire/packet_reader.h"

#include "base/text.h"

namespace mpreg {

void PacketReader::refuse(FieldName name, std::string_view what) {
  if (failed_) return;
  failed_ = true;
  error_.code = ErrorCode::malformed;
  error_.text.append(name.table).append(1, '.').append(name.field).append(1, ' ').append(what);
}

void PacketReader::require(std::string_view table, const Result<void>& checked) {
  if (failed_ || checked) return;
  failed_ = true;
  error_.code = ErrorCode::malformed;
  error_.text.append(table).append(": ").append(checked.error().text);
}

void PacketReader::too_great(FieldName name, std::uint64_t value, std::uint64_t last) {
  refuse(name, "is " + std::to_string(value) + ", at most " + std::to_string(last) + " is known");
}

bool PacketReader::accept_count(FieldName name, std::size_t count, std::size_t count_max) {
  if (failed_) return false;
  if (count <= count_max) return true;
  refuse(name, "has " + std::to_string(count) + " elements, at most " + std::to_string(count_max) +
                   " are allowed");
  return false;
}

void PacketReader::require_at_most(FieldName low_name, std::uint64_t low,
                                   std::string_view high_name, std::uint64_t high) {
  if (low <= high) return;
  refuse(low_name, "is " + std::to_string(low) + ", above " + std::string(high_name) +
                       ", which is " + std::to_string(high));
}

bool PacketReader::accept_text(FieldName name, std::string_view text, std::size_t bytes_max) {
  if (failed_) return false;
  if (text.size() > bytes_max) {
    refuse(name, "has " + std::to_string(text.size()) + " bytes, at most " +
                     std::to_string(bytes_max) + " are allowed");
  } else if (const auto at = find_invalid_utf8(text)) {
    refuse(name, "is " + in_quotes(text) + ", not valid UTF-8 at byte " + std::to_string(*at));
  }
  return !failed_;
}

bool PacketReader::accept_line(FieldName name, std::string_view line, std::size_t bytes_max) {
  if (!accept_text(name, line, bytes_max)) return false;
  if (const auto at = find_control_character(line)) {
    refuse(name,
           "is " + in_quotes(line) + ", with a control character at byte " + std::to_string(*at));
  }
  return !failed_;
}

bool PacketReader::accept_cluster(FieldName name, std::string_view cluster) {
  if (!accept_line(name, cluster, kClusterIdBytesMax)) return false;
  if (cluster.find(':') != std::string_view::npos) {
    refuse(name, "is " + in_quotes(cluster) + ", with a ':'");
  }
  return !failed_;
}

void PacketReader::text(FieldName name, const Text* from, std::size_t bytes_max, std::string& to) {
  if (from != nullptr && accept_text(name, from->string_view(), bytes_max)) {
    to = from->string_view();
  }
}

void PacketReader::line(FieldName name, const Text* from, std::size_t bytes_max, std::string& to) {
  if (from != nullptr && accept_line(name, from->string_view(), bytes_max)) {
    to = from->string_view();
  }
}

void PacketReader::cluster(FieldName name, const Text* from, std::string& to) {
  if (from != nullptr && accept_cluster(name, from->string_view())) to = from->string_view();
}

void PacketReader::clusters(FieldName name, const Texts* from, std::size_t count_max,
                            std::vector<std::string>& to) {
  if (from == nullptr || !accept_count(name, from->size(), count_max)) return;
  to.resize(from->size());
  for (flatbuffers::uoffset_t i = 0; i < from->size() && ok(); ++i)
    cluster(name, from->Get(i), to[i]);
}

void PacketReader::lines(FieldName name, const Texts* from, std::size_t count_max,
                         std::size_t bytes_max, std::vector<std::string>& to) {
  if (from == nullptr || !accept_count(name, from->size(), count_max)) return;
  to.resize(from->size());
  for (flatbuffers::uoffset_t i = 0; i < from->size() && ok(); ++i) {
    line(name, from->Get(i), bytes_max, to[i]);
  }
}

}  // namespace mpreg
