/** The rooms of src/, lowest first. */
export declare const ROOMS: readonly string[];
