/** The plugin API this program offers; packages name the range they need in `compat.api`. */
export const API_VERSION = "1.0.0";
