// Writes the reports (see report.hpp).
#include "report.hpp"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "figures.hpp"
#include "options.hpp"

namespace bench {

std::string budgets_as_text(const std::vector<result>& results) {
  std::string text;
  for (const auto& each : judge(results)) {
    text += std::string(each.met() ? "  met     " : "  missed  ") + each.what + ": " +
            figure(each.measured) + ' ' + unit(each.metric) + " of " + each.limit_text() + '\n';
  }
  return text.empty() ? text : "Budgets\n" + text;
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file << content;
  file.close();
  if (!file) throw std::runtime_error("cannot write '" + path + "'");
}

void prepare_reports(const std::string& directory, const std::string& json) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw usage_error("cannot create '" + directory + "': " + error.message());
  for (const auto& path : {directory + "/results.json", json}) {
    if (path.empty()) continue;
    if (!std::ofstream(path, std::ios::app)) throw usage_error("cannot write '" + path + "'");
  }
}

void write_reports(const report& subject, const std::string& directory) {
  write_file(directory + "/results.json", to_json(subject));
  write_file(directory + "/results.md", to_markdown(subject));
  write_file(directory + "/report.html", to_html(subject));
}

}  // namespace bench
