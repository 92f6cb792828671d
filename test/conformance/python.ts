/** Debian's own Python, whose modules its package of fail2ban brings; another of the same name may come first on PATH. */
export const python = process.env['FAIL2BAN_PYTHON'] ?? '/usr/bin/python3';
