#include "words.hpp"

#include <algorithm>

void Words::add(const std::string &word) { ++counts[word]; }

std::vector<std::pair<std::string, int>> Words::top(std::size_t most) const
{
	std::vector<std::pair<std::string, int>> all(counts.begin(), counts.end());
	std::stable_sort(all.begin(), all.end(), [](const auto &a, const auto &b) { return a.second > b.second; });
	all.resize(std::min(most, all.size()));
	return all;
}
