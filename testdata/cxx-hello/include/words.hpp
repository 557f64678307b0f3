#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

class Words {
public:
	void add(const std::string &word);
	std::vector<std::pair<std::string, int>> top(std::size_t most) const;

private:
	std::map<std::string, int> counts;
};
