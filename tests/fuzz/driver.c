/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a fuzz target over files, where libFuzzer is not linked: every file of the folders given as
 * arguments. So the corpus is a test in every build.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "util/macros.h"

static void run_file(int folder, const char *name)
{
	AUTO_CLOSE int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	AUTO_FREE uint8_t *bytes = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		err(1, "%s", name);
	/* Of exactly this size, so that the sanitizers see who reads beyond the end. */
	bytes = malloc(st.st_size ? st.st_size : 1);
	if (!bytes || read(fd, bytes, st.st_size) != st.st_size)
		err(1, "%s", name);
	LLVMFuzzerTestOneInput(bytes, st.st_size);
}

static size_t run_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	if (!folder)
		err(1, "%s", path);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.') {
			run_file(dirfd(folder), entry->d_name);
			n++;
		}
	closedir(folder);
	return n;
}

int main(int argc, char **argv)
{
	size_t n = 0;

	for (int i = 1; i < argc; i++)
		n += run_folder(argv[i]);
	if (!n)
		errx(1, "no file to run");
	printf("%zu files\n", n);
	return 0;
}
