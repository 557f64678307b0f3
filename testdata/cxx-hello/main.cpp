#include "tally.h"

#include <iomanip>
#include <iostream>
#include <string>

#include "words.hpp"

// Counts the words of its input, most frequent first.
int main(int argc, char **argv)
{
	const int most = argc > 1 ? std::stoi(argv[1]) : 3;
	Words words;
	for (std::string word; std::cin >> word;) {
		words.add(word);
		tally_add(word.size());
	}
	for (const auto &entry : words.top(most))
		std::cout << std::setw(4) << entry.second << "  " << entry.first << '\n';
	std::cout << tally_total() << " letters\n";
	return std::cin.bad() ? 1 : 0;
}
